"""One HTTP/1.1 connection over a Trio stream, and a pool of idle connections.

h11 implements the protocol; this module does the I/O. Deadlines belong to the caller: its cancel
scope ends the call, and a cancelled connection is closed and never used again.
"""

import select
import ssl
import sys
from collections.abc import Sequence
from typing import Final

import attrs
import h11
import trio

READ_BYTES: Final = 64 * 1024
HEAD_BYTES: Final = 64 * 1024  # of an answer; the platform sends a few hundred
IDLE_SECONDS: Final = 30  # below the idle limit of common firewalls and balancers
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80

TlsStream = trio.SSLStream[trio.SocketStream]
RawHeaders = Sequence[tuple[bytes, bytes]]


# h11 validates and serialises every header of every request, which costs as much as sending them.
# Our headers are checked where they are made, so h11 only gets this placeholder, and what it would
# send is discarded. The framing of a response is the same for GET and POST (RFC 9112, 6.3).
_ANY_REQUEST: Final = h11.Request(method="GET", target="/", headers=[("host", "any")])
_END_OF_REQUEST: Final = h11.EndOfMessage()


class ConnectionEnded(Exception):
    """The peer closed or reset the connection before the response was complete."""


@attrs.frozen(kw_only=True)
class Head:
    """The beginning of an answer."""

    status: int
    headers: RawHeaders


class Connection:
    """One connection; one request at a time."""

    def __init__(
        self, stream: trio.SocketStream | TlsStream, socket: trio.socket.SocketType
    ) -> None:
        self._stream = stream
        self._socket = socket
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self.idle_since = 0.0

    async def ask(self, method: bytes, target: bytes, headers: RawHeaders, body: bytes) -> Head:
        """Send a whole request; the head of its answer.

        The caller passes all headers, including Host and Content-Length.

        Raises:
            ConnectionEnded: before the head was whole.
            h11.RemoteProtocolError: what answers is not HTTP.
        """
        self._http.send(_ANY_REQUEST)
        self._http.send(_END_OF_REQUEST)
        try:
            await self._stream.send_all(_request(method, target, headers) + body)
        except trio.BrokenResourceError as error:
            raise ConnectionEnded from error
        while True:
            match await self._next_event():
                case h11.Response(status_code=status, headers=answered):
                    return Head(status=status, headers=answered.raw_items())
                case h11.InformationalResponse():
                    continue
                case _:  # h11 lets nothing else stand before a response
                    raise ConnectionEnded

    async def read(self) -> bytes:
        """The next piece of the answer's body; b"" at its end.

        Raises:
            ConnectionEnded: before the body was whole.
            h11.RemoteProtocolError: its framing is broken.
        """
        match await self._next_event():
            case h11.Data(data=data):
                return bytes(data)
            case _:
                return b""

    def reusable(self) -> bool:
        """Whether the last response was read to its end and no byte follows it.

        A byte that follows would be taken for the response to the next request.
        """
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        if self._http.trailing_data[0] or self._waits_in_tls():
            return False
        self._http.start_next_cycle()
        return True

    def dropped(self) -> bool:
        """Whether the peer has closed an idle connection, or sent bytes that were not requested."""
        return self._waits_in_tls() or _readable(self._socket)

    def close(self) -> None:
        """Close at once."""
        self._socket.close()

    def _waits_in_tls(self) -> bool:
        """Whether TLS holds bytes that were not read: of this record, or of later ones."""
        if not isinstance(self._stream, trio.SSLStream):
            return False
        # Trio's pending() covers the record being read; complete later records are in _incoming.
        return bool(self._stream.pending() or self._stream._incoming.pending)  # noqa: SLF001

    async def _next_event(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            try:
                data = await self._stream.receive_some(READ_BYTES)
            except trio.BrokenResourceError as error:
                raise ConnectionEnded from error
            if not data and self._http.their_state is not h11.SEND_BODY:
                raise ConnectionEnded
            try:
                self._http.receive_data(bytes(data))
                if not data:
                    return self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise ConnectionEnded from error


def _request(method: bytes, target: bytes, headers: RawHeaders) -> bytes:
    """The head of a request.

    Raises:
        ValueError: a header holds a line break or a zero.
    """
    lines = [b"%b %b HTTP/1.1" % (method, target), *(b"%b: %b" % pair for pair in headers)]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    if not head.count(b"\r") == head.count(b"\n") == len(lines) + 1 or b"\0" in head:
        raise ValueError("a header holds a line break or a zero")
    return head


async def connect(host: str, port: int | None, tls: ssl.SSLContext | None) -> Connection:
    """A new connection; its name resolution, too, ends when it is cancelled.

    Raises:
        OSError: no address, or nobody listens there.
        trio.BrokenResourceError: the TLS handshake failed, for the reason in its cause.
    """
    tcp = await trio.open_tcp_stream(host, port or (_HTTPS_PORT if tls else _HTTP_PORT))
    if tls is None:
        return Connection(tcp, tcp.socket)
    stream = trio.SSLStream(tcp, tls, server_hostname=host, https_compatible=True)
    try:
        await stream.do_handshake()
    except BaseException:
        tcp.socket.close()
        raise
    return Connection(stream, tcp.socket)


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
        if connection.reusable():
            connection.idle_since = trio.current_time()
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all."""
        while self._idle:
            self._idle.pop().close()


if sys.platform == "win32":

    def _readable(socket: trio.socket.SocketType) -> bool:
        return bool(select.select([socket.fileno()], [], [], 0)[0])

else:

    def _readable(socket: trio.socket.SocketType) -> bool:
        poll = select.poll()  # unlike select it takes file numbers beyond 1023
        poll.register(socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))
