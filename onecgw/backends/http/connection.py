"""One HTTP/1.1 connection to 1C, and a pool of idle connections.

Hot: every call to 1C goes through it. It must not validate what was built once, and must not go
through Trio's streams where the socket can answer at once. Bytes beyond an answer end the
connection.

Deadlines belong to the caller: its cancel scope ends the call, and a cancelled connection is
closed and never used again. It must be able to end it, so parsing pauses for a checkpoint after
TURN_SECONDS.
"""

import socket
import ssl
from time import perf_counter
from typing import Final

import trio

from onecgw.backends.http.response_parser import ResponseParser
from onecgw.backends.http.response_reader import ResponseReader

READ_BYTES: Final = 64 * 1024
LARGE_READ_BYTES: Final = 256 * 1024  # of a large answer; each such buffer is mapped and unmapped
PARSE_BYTES: Final = 16 * 1024  # at once: 1-byte chunks in them take less than a millisecond
TURN_SECONDS: Final = 0.001  # parsed before others get their turn
HEAD_BYTES: Final = 64 * 1024  # of an answer, interim ones before it; the platform sends a few 100
OVERHEAD_BYTES: Final = 256 * 1024  # of a body's framing, beyond as much as the body itself
IDLE_SECONDS: Final = 30  # below the idle limit of common firewalls and balancers
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80
_PEEK: Final = socket.MSG_PEEK | getattr(socket, "MSG_DONTWAIT", 0)

TlsStream = trio.SSLStream[trio.SocketStream]


class ConnectionEnded(Exception):
    """The peer closed or reset the connection before the response was complete."""


class NotHttp(Exception):
    """What the peer sends is not an HTTP/1.1 response, or has more framing than content."""


class Connection:
    """One connection; one request at a time."""

    def __init__(self, tcp: trio.SocketStream, tls: TlsStream | None = None) -> None:
        # The bare socket sends and receives without a trip through Trio's own.
        bare = socket.socket(fileno=tcp.socket.detach()) if tls is None else None
        self._bare = bare
        self._socket = tcp.socket if bare is None else trio.socket.from_stdlib_socket(bare)
        self._stream = tls or trio.SocketStream(self._socket)
        self.is_reusable = True
        self.idle_since = 0.0

    async def exchange(self, request: bytes, reader: ResponseReader) -> None:
        """Send a whole request; pass its answer to the reader, to its end.

        Raises:
            ConnectionEnded: before the answer was whole.
            NotHttp: what answers is not HTTP.
            OnecError: the reader refused the answer.
        """
        self.is_reusable = False
        await self._send(request)
        parser = ResponseParser()
        try:
            await self._read(parser, reader)
            self.is_reusable = parser.is_reusable and not self._waits_in_tls()
        finally:
            parser.close()

    async def _read(self, parser: ResponseParser, reader: ResponseReader) -> None:
        wire_bytes = body_bytes = 0
        while True:
            data = await self._receive(READ_BYTES if body_bytes < READ_BYTES else LARGE_READ_BYTES)
            if not data:
                if parser.ends_with_connection:
                    return
                raise ConnectionEnded("the connection ended before the answer was whole")
            resumed = perf_counter()
            for at in range(0, len(data), PARSE_BYTES):
                if perf_counter() - resumed > TURN_SECONDS:
                    await trio.lowlevel.checkpoint()
                    resumed = perf_counter()
                piece = data[at : at + PARSE_BYTES]
                problem = parser.feed(piece)
                if parser.status and not reader.has_begun:
                    reader.begin(parser.status, parser.headers)
                if parser.pieces:
                    body = parser.take_body()
                    body_bytes += len(body)
                    await reader.feed(body)
                if problem is not None:
                    raise NotHttp(str(problem)) from problem
                if parser.is_complete:
                    # Bytes that were read and not parsed are beyond the answer.
                    parser.is_reusable &= at + PARSE_BYTES >= len(data)
                    return
                wire_bytes += len(piece)
                _check_progress(wire_bytes, body_bytes, has_begun=reader.has_begun)

    def dropped(self) -> bool:
        """Whether the peer has closed an idle connection, or sent bytes that were not requested."""
        if self._bare is None:
            return self._waits_in_tls() or self._socket.is_readable()
        try:
            self._bare.recv(1, _PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Close at once."""
        self._socket.close()

    async def _send(self, data: bytes) -> None:
        sent = 0
        try:
            if self._bare is not None:
                try:  # noqa: SIM105 - suppress() makes an object per call
                    sent = self._bare.send(data)
                except BlockingIOError:
                    pass
            if sent < len(data):
                await self._stream.send_all(memoryview(data)[sent:])
        except (OSError, trio.BrokenResourceError) as error:
            raise ConnectionEnded(str(error)) from error

    async def _receive(self, max_bytes: int) -> bytes:
        try:
            if self._bare is None:
                return bytes(await self._stream.receive_some(max_bytes))
            while True:
                await trio.lowlevel.wait_readable(self._bare)
                try:
                    return self._bare.recv(max_bytes)
                except BlockingIOError:
                    pass  # woken for nothing
        except (OSError, trio.BrokenResourceError) as error:
            raise ConnectionEnded(str(error)) from error

    def _waits_in_tls(self) -> bool:
        """Whether TLS holds bytes that were not read: of this record, or of later ones."""
        if not isinstance(self._stream, trio.SSLStream):
            return False
        # Trio's pending() covers the record being read; complete later records are in _incoming.
        return bool(self._stream.pending() or self._stream._incoming.pending)  # noqa: SLF001


def _check_progress(wire_bytes: int, body_bytes: int, *, has_begun: bool) -> None:
    """Refuse an answer that is more framing than content: chunks of one byte, endless interim ones.

    Each of them costs us as much as a useful piece, and no deadline of a call is short enough.

    Raises:
        NotHttp: saying which.
    """
    if not has_begun and wire_bytes > HEAD_BYTES:
        raise NotHttp(f"its head is larger than {HEAD_BYTES} bytes")
    if wire_bytes - body_bytes > OVERHEAD_BYTES + body_bytes:
        raise NotHttp("it is more framing than content")


async def connect(host: str, port: int | None, tls: ssl.SSLContext | None) -> Connection:
    """A new connection; its name resolution, too, ends when it is cancelled.

    Raises:
        OSError: no address, or no server listens there.
        trio.BrokenResourceError: the TLS handshake failed, for the reason in its cause.
    """
    tcp = await trio.open_tcp_stream(host, port or (_HTTPS_PORT if tls else _HTTP_PORT))
    if tls is None:
        return Connection(tcp)
    stream = trio.SSLStream(tcp, tls, server_hostname=host, https_compatible=True)
    try:
        await stream.do_handshake()
    except BaseException:
        tcp.socket.close()
        raise
    return Connection(tcp, stream)


def connect_error_text(error: BaseException) -> str:
    """The innermost reason of a connection that could not be made, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return connect_error_text(error.__cause__) if error.__cause__ is not None else str(error)


class IdleConnections:
    """The connections that wait for the next call; the last used is taken first.

    The limiter in front of 1C bounds how many there are.
    """

    def __init__(self) -> None:
        self._idle: list[Connection] = []

    def take(self) -> Connection | None:
        """A connection that is still good, or None."""
        oldest = trio.current_time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since >= oldest and not connection.dropped():
                return connection
            connection.close()
        return None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection if it can be used again, else close it."""
        if connection.is_reusable:
            connection.idle_since = trio.current_time()
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all."""
        while self._idle:
            self._idle.pop().close()
