"""One HTTP/1.1 request and its response, as ASGI's receive and send.

Runs for every request. The head of a response leaves with the first part of its body, in one send.
No task, channel or cancel scope is made here.
"""

import math
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import trio

from onecgw.asgi_extensions import ADMIT, CANCEL_ON_DISCONNECT, TAKE_BODY
from onecgw.serving.budget import ConnectionBudget
from onecgw.serving.client_stream import ClientStream
from onecgw.serving.endpoints import Endpoints

# Any: an ASGI message.
Message = Any
Header = tuple[bytes, bytes]
Application = Callable[[Any, Callable[[], Awaitable[Message]], Any], Awaitable[None]]

# Of a body that leaves in one send with its head: a copy of a larger one costs more than a send.
MAX_JOINED_BYTES: Final = 256 * 1024
# Of a request body that arrives after the response: reading more costs more than a new connection.
MAX_DRAINED_BYTES: Final = 16 * 1024

_ASGI: Final = {"spec_version": "2.1", "version": "3.0"}
_STATUS_LINES: Final = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode("ascii"))
    for status in HTTPStatus
}
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Http1Request:
    """One request and its response.

    Args:
        head: method, target in origin form and version.
        headers: names in lower case.
        unread_bytes: of the body; infinite if it comes in chunks.
        expects_continue: whether the client waits with the body for `100 Continue`.
        keeps_open: whether the client lets the connection carry another request.
        changed: wakes who waits for a part of the body, and who waits for it to be received.
        cancel: cancels the application while it answers the request.
    """

    __slots__ = (
        "_body_left",
        "_cancel",
        "_changed",
        "_expects_continue",
        "_has_body",
        "_head",
        "_is_cancellable",
        "_is_chunked",
        "_method",
        "_parts",
        "_stream",
        "_version",
        "buffered_bytes",
        "is_answered",
        "is_complete",
        "is_over",
        "is_started",
        "keeps_open",
        "scope",
        "unread_bytes",
    )

    def __init__(
        self,
        head: tuple[str, bytes, str],
        headers: list[Header],
        *,
        unread_bytes: float,
        expects_continue: bool,
        keeps_open: bool,
        endpoints: Endpoints,
        budget: ConnectionBudget,
        stream: ClientStream,
        changed: trio.lowlevel.ParkingLot,
        cancel: Callable[[], None],
    ) -> None:
        self._method, target, self._version = head
        path, _, query = target.partition(b"?")
        self.scope = {
            "type": "http",
            "http_version": self._version,
            "asgi": _ASGI,
            "method": self._method,
            "scheme": endpoints.scheme,
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": endpoints.client,
            "server": endpoints.server,
            "state": {},
            "extensions": {
                ADMIT: budget.admit,
                TAKE_BODY: self.take_body,
                CANCEL_ON_DISCONNECT: self.cancel_on_disconnect,
            },
        }
        self.unread_bytes = unread_bytes
        self.keeps_open = keeps_open
        self._expects_continue = expects_continue
        self._stream = stream
        self._changed = changed
        self._parts: list[bytes] | None = []  # None: the application has received the end
        self.buffered_bytes = 0
        self.is_complete = False
        self.is_over = False  # the client has disconnected, or the response has ended
        self._is_cancellable = False
        self._cancel = cancel
        self.is_started = False
        self.is_answered = False
        self._head = b""
        self._has_body = True
        self._is_chunked = False
        self._body_left: float = 0

    def add_part(self, part: bytes) -> None:
        """Add a part of the body; it is dropped if the application has ended."""
        self.unread_bytes -= len(part)
        if self._parts is not None:
            self._parts.append(part)
            self.buffered_bytes += len(part)

    def cancel_on_disconnect(self, is_wanted: bool) -> None:
        """Cancel the application when the client disconnects, or now if it has; or not any more."""
        self._is_cancellable = is_wanted
        if is_wanted and self.is_over:
            self._cancel()

    def disconnect(self) -> None:
        """End the request: the client has disconnected, or sent what is not HTTP."""
        self.is_over = True
        self.keeps_open = False
        self._changed.unpark_all()
        if self._is_cancellable:
            self._cancel()

    def close(self) -> None:
        """Drop what the application has not received: it has ended."""
        self._parts, self.buffered_bytes = None, 0

    async def receive(self) -> Message:
        """Return the next message; it is the application's `receive`."""
        if self._expects_continue and not (self._parts or self.is_complete or self.is_started):
            self._expects_continue = False
            await self._stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self._parts or self.is_complete or self.is_over):
            await self._changed.park()
        if self._parts is None or not (self._parts or self.is_complete):
            while not self.is_over:
                await self._changed.park()
            return {"type": "http.disconnect"}
        body, more = self.take_body(), False
        if body is None:
            body, more = b"".join(self._parts), True
            self._parts, self.buffered_bytes = [], 0
            self._changed.unpark_all()  # there is room for more
        return {"type": "http.request", "body": body, "more_body": more}

    def take_body(self) -> bytes | None:
        """Return what there is of the body if that is its end; None if more is to come."""
        if self._parts is None or not self.is_complete:
            return None
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = None
        return body

    async def send(self, message: Message) -> None:
        """Send a part of the response; it is the application's `send`.

        Raises:
            ValueError: the part does not fit to those before it.
        """
        if message["type"] == "http.response.start" and not self.is_started:
            self._start(message["status"], message.get("headers", ()))
            return
        if message["type"] != "http.response.body" or not self.is_started:
            raise ValueError(f"{message['type']} is not expected here")
        if self.is_answered:
            return
        data, more = message.get("body", b""), message.get("more_body", False)
        self._body_left -= len(data)
        if self._body_left < 0 or (not more and 0 < self._body_left < math.inf):
            raise ValueError("the body of the response is not as long as its Content-Length")
        if not self._has_body:
            data = b""
        elif self._is_chunked:
            chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            data = chunk if more else chunk + b"0\r\n\r\n"
        self.is_answered = not more
        await self._send_part(data)
        if more:
            await trio.lowlevel.checkpoint()  # otherwise a fast client would hold up all others
        else:
            self.is_over = True
            self._changed.unpark_all()

    async def _send_part(self, data: bytes) -> None:
        """Send the head, if it was not sent yet, and a part of the body."""
        head, self._head = self._head, b""
        if len(data) <= MAX_JOINED_BYTES:
            data = head + data
        elif head and not await self._stream.send(head):
            self.disconnect()
            return
        if data and not await self._stream.send(data):
            self.disconnect()

    def _start(self, status: int, headers: list[Header]) -> None:
        """Make the head of the response, which is sent with its body."""
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        length = -1
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
                if status == HTTPStatus.NO_CONTENT:
                    continue  # RFC 9110, 8.6: it must not have one
            lines.append(b"%b: %b\r\n" % (name, value))
        self._has_body = self._method != "HEAD" and status not in _WITHOUT_BODY
        self._body_left = length if self._has_body and length >= 0 else math.inf
        if length < 0 and status not in _WITHOUT_BODY:
            if self._version == "1.1":
                self._is_chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keeps_open = False  # the end of the connection ends the body
        if not self.is_complete and (self._expects_continue or self._is_much_unread()):
            self.keeps_open = False
        if self._stream.is_stopping:
            self.keeps_open = False
        lines.append(_date_line())
        lines.append(b"\r\n" if self.keeps_open else b"connection: close\r\n\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) + (not self.keeps_open) or b"\0" in head:
            raise ValueError("a header of the response contains a line end or a NUL")
        self._head = head
        self.is_started = True

    def _is_much_unread(self) -> bool:
        return self.unread_bytes > MAX_DRAINED_BYTES


def error_head(status: HTTPStatus) -> bytes:
    """Return an empty response that ends the connection."""
    return b"%bcontent-length: 0\r\n%bconnection: close\r\n\r\n" % (
        _STATUS_LINES[status],
        _date_line(),
    )


def _date_line() -> bytes:
    return _format_date(int(time.time()))


@lru_cache(maxsize=1)
def _format_date(second: int) -> bytes:
    return b"date: %b\r\n" % formatdate(second, usegmt=True).encode("ascii")
