"""The thin HTTP layer of the machine surfaces: one request read whole, one answer sent whole."""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final

import attrs
import trio

from onecgw.asgi_extensions import ADMIT, CANCEL_ON_DISCONNECT, TAKE_BODY
from onecgw.errors import InvalidRequest, PayloadTooLarge
from onecgw.locales.text import say

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Work = Callable[[], Awaitable[None]]
RunWhileConnected = Callable[[Work], Awaitable[None]]

BODY_SECONDS: Final = 30  # a whole request body, however it drips
FORM_SECONDS: Final = 5  # the same, before the caller is known
_HEAD: Final = "onecgw.request"


class ClientGone(Exception):
    """The client disconnected before its request was read."""


@attrs.frozen(kw_only=True)
class Request:
    """The head of an HTTP request.

    path: decoded, without the query. query: as sent. form: of a body that is one, where it was
    read. headers: the values of each name, which is in lower case, in the order sent.
    repeated: the names of headers that came more than once.
    peer: the address of the socket's other end, "" if unknown.
    """

    method: str
    path: str
    headers: Mapping[str, list[bytes]]
    repeated: frozenset[str] = frozenset()
    peer: str = ""
    query: bytes = b""
    form: bytes = b""

    def values(self, name: str) -> list[str]:
        """Every value of a header, in the order sent. name: in lower case."""
        return [value.decode("latin-1") for value in self.headers.get(name, ())]

    def value(self, name: str) -> str | None:
        """The first value of a header, or None. name: in lower case."""
        values = self.headers.get(name)
        return values[0].decode("latin-1") if values else None

    def media_type(self) -> str:
        """The type of the body, without its parameters."""
        return (self.value("content-type") or "").partition(";")[0].strip().lower()


@attrs.frozen(kw_only=True)
class Response:
    """A whole HTTP answer; Content-Length is added when it is sent."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


def new_request_id() -> str:
    """The gateway's own id of a request: in its answer, the log, the audit and 1C."""
    return os.urandom(8).hex()


def json_response(
    status: int, body: bytes, *, headers: Iterable[tuple[bytes, bytes]] = ()
) -> Response:
    """An answer whose body is JSON in UTF-8."""
    # JSON needs no charset (RFC 8259, 8.1), but some clients read what names none as Latin-1.
    json_type = (b"content-type", b"application/json; charset=utf-8")
    return Response(status=status, body=body, headers=(json_type, *headers))


def read_head(scope: Scope) -> Request:
    """The head of the request that an ASGI scope describes; it is read once and kept there."""
    request: Request | None = scope.get(_HEAD)
    if request is None:
        client = scope.get("client")
        headers: dict[str, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.strip(b" \t"))
        request = scope[_HEAD] = Request(
            method=scope["method"],
            path=scope["path"],
            headers=headers,
            repeated=frozenset(name for name, values in headers.items() if len(values) > 1)
            if len(headers) < len(scope["headers"])
            else frozenset(),
            peer=client[0] if client else "",
            query=scope.get("query_string", b""),
        )
    return request


def admit(scope: Scope) -> None:
    """Tell the server that the caller of a request is known; it gives less to unknown ones."""
    extension = scope.get("extensions", {}).get(ADMIT)
    if extension is not None:
        extension()


async def read_whole_body(scope: Scope, receive: Receive, *, max_bytes: int) -> bytes:
    """The same as read_body, without a deadline if the body has arrived.

    Raises:
        OnecgwError: as read_body does.
        ClientGone: the client disconnected.
    """
    take_body = scope.get("extensions", {}).get(TAKE_BODY)
    body: bytes | None = take_body() if take_body is not None else None
    if body is None:
        return await read_body(receive, max_bytes=max_bytes)
    _check_size(len(body), max_bytes)
    return body


async def read_body(receive: Receive, *, max_bytes: int, max_seconds: int = BODY_SECONDS) -> bytes:
    """The whole request body, counted while it arrives.

    Raises:
        PayloadTooLarge: as soon as it exceeds max_bytes.
        InvalidRequest: it took longer than max_seconds.
        ClientGone: the client disconnected.
    """
    parts: list[bytes] = []
    size_bytes = 0
    with trio.move_on_after(max_seconds):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            part = message.get("body", b"")
            size_bytes += len(part)
            _check_size(size_bytes, max_bytes)
            parts.append(part)
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)
    raise InvalidRequest(say("errors.slow_body", seconds=max_seconds))


def _check_size(size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise PayloadTooLarge(say("errors.large_body", bytes=max_bytes))


async def send_response(send: Send, response: Response) -> None:
    """Send a whole answer."""
    length = (b"content-length", str(len(response.body)).encode("ascii"))
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [*response.headers, length],
        }
    )
    await send({"type": "http.response.body", "body": response.body, "more_body": False})


async def run_while_connected(scope: Scope, receive: Receive, work: Work) -> None:
    """Run work; a client that disconnects cancels it.

    The request body must have been read: `receive` then only ever says that the client is gone.
    """
    cancel_on_disconnect = scope.get("extensions", {}).get(CANCEL_ON_DISCONNECT)
    if cancel_on_disconnect is None:
        await _run_and_watch(receive, work)
        return
    cancel_on_disconnect(True)
    try:
        await work()
    finally:
        cancel_on_disconnect(False)


async def _run_and_watch(receive: Receive, work: Work) -> None:
    """The same under a server without the extension."""
    async with trio.open_nursery() as nursery:

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()

        nursery.start_soon(watch)
        await work()
        nursery.cancel_scope.cancel()
