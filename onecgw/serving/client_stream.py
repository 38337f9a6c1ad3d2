"""The bytes of one client connection: until when they are read, and how they are sent.

Runs for every request: nothing here starts a task, and only what the socket does not take at once
opens a cancel scope. The idle limit is one deadline that is looked at when it has passed, and is
not moved with each request.
"""

import math
import socket
from contextlib import suppress
from typing import Final

import trio
from hypercorn.utils import parse_socket_addr

from onecgw.serving.unsent import UnsentAnswers

Address = tuple[str, int] | None

READ_BYTES: Final = 8 * 1024
# In one turn, until the caller is known: 340 chunks of one byte, which take half a millisecond.
READ_BYTES_IN_TURN: Final = 2 * 1024
PIECE_BYTES: Final = 64 * 1024
PIECE_SECONDS: Final = 30  # for the client to read PIECE_BYTES: at least 2 KiB/s
# For the whole head of the next request. Proxies keep an idle connection for 60 s; this is longer,
# so that the proxy closes it: it knows whether it still needs the connection.
IDLE_SECONDS: Final = 75
# After the end of our response: the client's further bytes are read, because a reset could discard
# the response before the client has read it.
LINGER_SECONDS: Final = 2
MAX_LINGER_BYTES: Final = 256 * 1024
# Few reads: with 2 KiB each, eighty ended connections of a flood took 40 ms in each pass.
LINGER_READ_BYTES: Final = 64 * 1024


class ClientStream:
    """The socket of a client, with its deadlines.

    Args:
        stream: carries the bytes.
        sock: of the stream. It is used directly if nothing, such as TLS, is in between.
        unsent: all answers that are not sent.
    """

    def __init__(
        self, stream: trio.abc.HalfCloseableStream, sock: socket.socket, unsent: UnsentAnswers
    ) -> None:
        self.unsent = unsent
        self.socket = sock
        self._stream = stream
        self._is_direct = isinstance(stream, trio.SocketStream)
        self.is_idle = True
        self.is_stopping = False
        self.is_lingering = False
        self._lingered_bytes = 0
        self._idle_since = trio.current_time()
        self._close_at = math.inf
        self._reading = trio.CancelScope()
        self._is_aborted = False
        self._sending = trio.CancelScope()
        self._send_lock = trio.Lock()

    @property
    def scheme(self) -> str:
        """The scheme of URLs: http or https."""
        return "http" if self._is_direct else "https"

    @property
    def client(self) -> Address:
        """The client's end of the connection, as ASGI scopes contain it."""
        return parse_socket_addr(self.socket.family, self.socket.getpeername())

    @property
    def server(self) -> Address:
        """Our end of the connection."""
        return parse_socket_addr(self.socket.family, self.socket.getsockname())

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is read."""
        return self._close_at == -math.inf

    @property
    def is_over(self) -> bool:
        """Whether the time for reading has passed."""
        return self._deadline() <= trio.current_time()

    def limit_reading(self) -> trio.CancelScope:
        """Return the scope for reading.

        It can end early: only if `is_over` is true then, the connection has to end.
        """
        self._reading = trio.CancelScope(deadline=self._deadline())
        return self._reading

    def _deadline(self) -> float:
        idle_since = self._idle_since if self.is_idle else trio.current_time()
        return min(self._close_at, idle_since + IDLE_SECONDS)

    async def receive(self, max_bytes: int = READ_BYTES) -> bytes:
        """Return what the client sends next; b"" if it has disconnected."""
        if self.is_lingering:
            max_bytes = LINGER_READ_BYTES
        try:
            if not self._is_direct:
                return bytes(await self._stream.receive_some(max_bytes))
            await trio.lowlevel.wait_readable(self.socket)
            return self.socket.recv(max_bytes)
        except BlockingIOError:  # woken for nothing
            return await self.receive(max_bytes)
        except (OSError, ValueError, trio.BrokenResourceError, trio.ClosedResourceError):
            return b""  # ValueError: a task that sent has closed the socket

    def count_lingered(self, size_bytes: int) -> bool:
        """Count bytes that are read after our last response; return False if there are too many."""
        self._lingered_bytes += size_bytes
        return self._lingered_bytes < MAX_LINGER_BYTES

    def set_idle(self) -> None:
        """Begin to wait for a request. During a stop, there will be none."""
        self.is_idle = True
        self._idle_since = trio.current_time()
        if self.is_stopping:
            self.close()

    def stop(self) -> None:
        """Close as soon as no request is running."""
        self.is_stopping = True
        if self.is_idle:
            self.close()
            if self._send_lock.locked():
                self.abort()  # HTTP/2 acknowledgements that the client does not read

    def close(self) -> None:
        """End the reading, for good."""
        self._close_no_later_than(-math.inf)

    def evict(self) -> None:
        """End the connection at once."""
        self.close()
        self.abort()

    def abort(self) -> None:
        """Stop sending. Everything else is ended by cancellation."""
        self._is_aborted = True
        self._sending.cancel()

    def _close_no_later_than(self, deadline: float) -> None:
        self._close_at = min(self._close_at, deadline)
        self._reading.deadline = min(self._reading.deadline, self._close_at)

    async def send(self, data: bytes) -> bool:
        """Send all bytes, even if the request is cancelled; return False if the client is gone."""
        sent_bytes = 0
        if self._is_direct and not self._is_aborted and not self._send_lock.locked():
            try:
                sent_bytes = self._send_now(data)
            except OSError:
                return False
        return sent_bytes == len(data) or await self._send_rest(memoryview(data)[sent_bytes:])

    async def _send_rest(self, data: memoryview) -> bool:
        is_sent = False
        # Half a frame would corrupt everything that follows on the connection.
        with trio.CancelScope(shield=True) as scope:
            await self._acquire_send_lock()
            try:
                self._sending = scope
                if not self._is_aborted:
                    await self._send_pieces(data, scope)
                    is_sent = True
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            finally:
                self.unsent.update(self, 0, self.evict)
                if scope.cancel_called:
                    self._is_aborted = True  # those who wait for the lock find a closed socket
                self._send_lock.release()
        if scope.cancelled_caught:
            await self.aclose()
        return is_sent

    async def _acquire_send_lock(self) -> None:
        try:
            self._send_lock.acquire_nowait()
        except trio.WouldBlock:
            await self._send_lock.acquire()

    async def _send_pieces(self, data: memoryview, scope: trio.CancelScope) -> None:
        """Send all; each PIECE_BYTES of it have their own deadline."""
        sent_bytes = due_bytes = 0
        while sent_bytes < len(data):
            if sent_bytes >= due_bytes:
                due_bytes = sent_bytes + PIECE_BYTES
                scope.deadline = trio.current_time() + PIECE_SECONDS
                self.unsent.update(self, len(data), self.evict)
            if self._is_direct:
                await trio.lowlevel.wait_writable(self.socket)
                # The socket takes what it has room for: one call moves much more than a piece.
                sent_bytes += self._send_now(data[sent_bytes:])
            else:
                await self._stream.send_all(data[sent_bytes:due_bytes])
                sent_bytes = due_bytes

    def _send_now(self, data: bytes | memoryview) -> int:
        """Pass to the socket what it has room for; return how many bytes that are."""
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0

    async def end_sending(self) -> None:
        """Close our half, and let the client's further bytes be read for a while."""
        self.is_lingering = True
        self._close_no_later_than(trio.current_time() + LINGER_SECONDS)
        # The task that ended the response may be cancelled by that; the holder of the lock has a
        # deadline, so the shield is bounded.
        with (
            suppress(trio.BrokenResourceError, trio.ClosedResourceError),
            trio.CancelScope(shield=True),
        ):
            await self._acquire_send_lock()
            try:
                await self._stream.send_eof()
            finally:
                self._send_lock.release()

    async def aclose(self) -> None:
        """Close the socket."""
        await trio.aclose_forcefully(self._stream)
