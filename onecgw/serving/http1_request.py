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

import attrs
import trio

from onecgw.asgi_extensions import CANCEL_ON_DISCONNECT, TAKE_BODY
from onecgw.serving.client_stream import ClientStream

# Any: an ASGI message.
Message = Any
Header = tuple[bytes, bytes]
Application = Callable[[Any, Callable[[], Awaitable[Message]], Any], Awaitable[None]]

# Of a body that leaves in one send with its head: a copy of a larger one costs more than a send.
MAX_JOINED_BYTES: Final = 256 * 1024
# Of a request body that arrives after the response: reading more costs more than a new connection.
MAX_DRAINED_BYTES: Final = 16 * 1024

_STATUS_LINES: Final = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode("ascii"))
    for status in HTTPStatus
}
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


@attrs.define(eq=False, kw_only=True)
class Http1Request:
    """One request and its response.

    scope: of ASGI; the extensions of the request are added.
    unread_bytes: of the body; infinite if it comes in chunks.
    expects_continue: whether the client waits with the body for `100 Continue`.
    keeps_open: whether the client lets the connection carry another request.
    changed: wakes who waits for a part of the body, and who waits for it to be received.
    cancel: cancels the application while it answers the request.
    is_over: the client has disconnected, or the response has ended.
    """

    scope: dict[str, Any]
    unread_bytes: float
    keeps_open: bool
    _expects_continue: bool
    _stream: ClientStream
    _changed: trio.lowlevel.ParkingLot
    _cancel: Callable[[], None]
    buffered_bytes: int = 0
    is_complete: bool = False
    is_over: bool = False
    is_started: bool = False
    is_answered: bool = False
    _parts: list[bytes] | None = attrs.field(factory=list)  # None: the end has been received
    _is_cancellable: bool = False
    _head: bytes = b""
    _has_body: bool = True
    _is_chunked: bool = False
    _body_left: float = 0

    def __attrs_post_init__(self) -> None:
        """Let the application take the body at once, and say when it can be cancelled."""
        self.scope["extensions"] |= {
            TAKE_BODY: self.take_body,
            CANCEL_ON_DISCONNECT: self.cancel_on_disconnect,
        }

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
        self._has_body = self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY
        self._body_left = length if self._has_body and length >= 0 else math.inf
        if length < 0 and status not in _WITHOUT_BODY:
            if self.scope["http_version"] == "1.1":
                self._is_chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keeps_open = False  # the end of the connection ends the body
        is_unread = self._expects_continue or self.unread_bytes > MAX_DRAINED_BYTES
        if self._stream.is_stopping or (is_unread and not self.is_complete):
            self.keeps_open = False
        lines.append(_date_line())
        lines.append(b"\r\n" if self.keeps_open else b"connection: close\r\n\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) + (not self.keeps_open) or b"\0" in head:
            raise ValueError("a header of the response contains a line end or a NUL")
        self._head = head
        self.is_started = True


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
