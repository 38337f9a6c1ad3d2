"""Hypercorn's HTTP/1.1 with limits of the request head, and without `Upgrade`."""

import math
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import urlsplit

import h11
from h11._receivebuffer import ReceiveBuffer
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, EndBody, Request, Response
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H2ProtocolAssumedError, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.typing import H11SendableEvent

from onecgw.serving.budget import ConnectionBudget
from onecgw.serving.header_limits import find_rejection
from onecgw.serving.task_group import RequestTaskGroup

# Of a request body that arrives after the response: reading more costs more than a new connection.
MAX_DRAINED_BYTES: Final = 16 * 1024
TURN_SECONDS: Final = 0.001  # then other tasks run, although more bytes are there

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\n"
_CHUNKED: Final = b"transfer-encoding"
_FRAMING: Final = frozenset({b"content-length", _CHUNKED})


class _StrictBuffer(ReceiveBuffer):
    """h11's buffer, which refuses what other servers and proxies read differently.

    Source: RFC 9112, 2.2 and 5.2: a bare LF may end a line, and a server may refuse folded lines.
    """

    _extracted = bytearray()

    def _extract(self, count: int) -> bytearray:
        self._extracted = super()._extract(count)
        return self._extracted

    def maybe_extract_lines(self) -> list[bytearray] | None:
        """Return the lines of a head or of trailers, if they are complete.

        Raises:
            RemoteProtocolError: a line ends without CR, or continues the line before it.
        """
        lines = super().maybe_extract_lines()
        if lines is not None:
            if self._extracted.count(b"\n") != self._extracted.count(b"\r\n"):
                raise h11.RemoteProtocolError("a line ends without CR")
            if any(line.startswith((b" ", b"\t")) for line in lines):
                raise h11.RemoteProtocolError("a header field is folded")
        return lines


class Http1(H11Protocol):
    """The HTTP/1.1 requests of one connection, one after the other.

    `Upgrade` is ignored, as RFC 9110 section 7.8 allows: with h2c and WebSocket, requests would
    bypass the rules of a proxy. The head of a response is sent with the first part of its body.
    """

    _head = b""
    _is_over = False
    _unread_bytes: float = 0  # of the request body; infinite if it has no Content-Length

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - Hypercorn's own
        super().__init__(*arguments)
        connection = cast(h11.Connection, self.connection)
        connection._receive_buffer = _StrictBuffer()  # noqa: SLF001

    @property
    def budget(self) -> ConnectionBudget:
        """The budget of the connection."""
        return cast(RequestTaskGroup, self.task_group).budget

    async def handle(self, event: Event) -> None:
        """Handle received bytes, or the end of them.

        Raises:
            H2ProtocolAssumedError: the client began with the preface of HTTP/2.
        """
        if isinstance(event, Closed):
            self._is_over = True
            await self.can_read.set()
        elif not self._expects_bytes():
            return
        await super().handle(event)

    def _expects_bytes(self) -> bool:
        # RFC 9112, 9.6: bytes after a request with `Connection: close` are ignored.
        return not self._is_over and self.connection.their_state is not h11.MUST_CLOSE

    async def _handle_events(self) -> None:
        """Handle the events in the received bytes.

        It replaces Hypercorn's method, which waits for ever for the end of an abandoned response,
        and stops reading after an `Upgrade`, so that it does not notice a disconnect.
        """
        budget = self.budget
        turn_until = time.perf_counter() + TURN_SECONDS
        while self._expects_bytes():
            if time.perf_counter() > turn_until:
                await budget.wait_turn()
                turn_until = time.perf_counter() + TURN_SECONDS
            if budget.is_spent:
                await self._reject(HTTPStatus.TOO_MANY_REQUESTS)
                return
            if self.connection.they_are_waiting_for_100_continue:
                await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError as error:
                await self._reject(error.error_status_hint)
                return
            if isinstance(event, h11.Request):
                await self.send(Updated(idle=False))
                await self._begin(event)
            elif isinstance(event, h11.Data) and self.stream is not None:
                self._unread_bytes -= len(event.data)
                budget.charge_body_part(len(event.data), is_wanted=self._is_body_wanted)
                await self.stream.handle(Body(stream_id=STREAM_ID, data=event.data))
            elif isinstance(event, h11.EndOfMessage) and self.stream is not None:
                await self.stream.handle(EndBody(stream_id=STREAM_ID))
            elif event is h11.PAUSED and self.connection.trailing_data[0]:
                await self.can_read.clear()
                await self.can_read.wait()
                await budget.wait_turn()
            else:
                return

    async def _reject(self, status: int) -> None:
        if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            await self._send_error_response(status)
        await self.send(Closed())

    async def _begin(self, request: h11.Request) -> None:
        line = (request.method, request.target, request.http_version)
        if line == (b"PRI", b"*", b"2.0") and self.keep_alive_requests == 0:
            raise H2ProtocolAssumedError(_PREFACE + self.connection.trailing_data[0])
        target, headers = _origin_form(request.target, list(request.headers))
        status = find_rejection(request.method, target, headers)
        names = {name for name, _ in headers}
        # RFC 9112, 6.1: both together allow request smuggling, and HTTP/1.0 has no chunks.
        if names >= _FRAMING or (request.http_version == b"1.0" and _CHUNKED in names):
            status = HTTPStatus.BAD_REQUEST
        if request.http_version not in (b"1.0", b"1.1"):
            status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        if status is not None:
            await self._reject(status)
            return
        self.keep_alive_requests += 1
        self.budget.charge_request()
        lengths = [int(value) for name, value in headers if name == b"content-length"]
        self._unread_bytes = lengths[0] if lengths else math.inf
        self.stream = HTTPStream(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=headers,
                http_version=request.http_version.decode("ascii"),
                method=request.method.decode("ascii"),
                raw_path=target,
                state=self.connection_state,
            )
        )

    @property
    def _is_body_wanted(self) -> bool:
        return not isinstance(self.stream, _BodyDrain)

    async def stream_send(self, event: StreamEvent) -> None:
        """Send a part of a response; say so if the connection ends with it."""
        if isinstance(event, Response) and event.status_code >= HTTPStatus.OK:
            is_reading = self.connection.their_state is h11.SEND_BODY
            if is_reading and not self._can_drain():
                headers = [*event.headers, (b"connection", b"close")]
                event = Response(
                    stream_id=event.stream_id, headers=headers, status_code=event.status_code
                )
        await super().stream_send(event)

    def _can_drain(self) -> bool:
        return self._unread_bytes <= MAX_DRAINED_BYTES

    async def _maybe_recycle(self) -> None:
        """Prepare the next request, after a response has ended or was abandoned."""
        states = (self.connection.our_state, self.connection.their_state)
        is_stopping = self.context.terminated.is_set()
        if states != (h11.DONE, h11.SEND_BODY) or not self._can_drain() or is_stopping:
            await super()._maybe_recycle()
            return
        # The response came before the end of the request body, for example a 401. Hypercorn would
        # close the connection without notice, and the next request of the client would be lost.
        await self._close_stream()
        self.stream = cast(HTTPStream, _BodyDrain(self._end_drain))
        await self.send(Updated(idle=True))

    async def _end_drain(self) -> None:
        self.stream = None
        await super()._maybe_recycle()

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        try:
            data = self.connection.send(event) or b""
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        data, self._head = self._head + data, b""
        if isinstance(event, h11.Response):
            self._head = data
        elif data:
            await self.send(RawData(data=data))


class _BodyDrain:
    """Reads the rest of a request body after the response."""

    def __init__(self, end: Callable[[], Awaitable[None]]) -> None:
        self._end = end

    async def handle(self, event: StreamEvent) -> None:
        if isinstance(event, EndBody):
            await self._end()


def _origin_form(
    target: bytes, headers: list[tuple[bytes, bytes]]
) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return target and headers in origin form; the target may be a whole URL.

    Source: RFC 9112, 3.2.2: a server must accept a whole URL, and takes the host from it.
    """
    if target.startswith(b"/") or not target.isascii():
        return target, headers
    try:
        url = urlsplit(target)
    except ValueError:
        return target, headers
    if url.scheme not in (b"http", b"https") or not url.netloc:
        return target, headers
    path = url.path or b"/"
    others = [(name, value) for name, value in headers if name != b"host"]
    return path + (b"?" + url.query if url.query else b""), [(b"host", url.netloc), *others]
