"""One connection of a client: whatever goes wrong on it ends it, and nothing else."""

import logging
import math
from contextlib import suppress
from typing import Final

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H2ProtocolAssumedError
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr

from onecgw.errors import leaves
from onecgw.serving.http1 import Http1
from onecgw.serving.http2 import PIECE_BYTES, PIECE_SECONDS, Http2
from onecgw.serving.task_group import Requests

log = logging.getLogger(__name__)

READ_BYTES: Final = 64 * 1024
# For the whole head of the next request, however it drips. Above the 60 s for which proxies keep
# a connection to us, so that they, who know whether they need it, are the ones who close it.
IDLE_SECONDS: Final = 75
# After we have closed our half: what the client still sends is read, or a reset would destroy the
# answer on its way to it.
LINGER_SECONDS: Final = 2

_IS_TLS: Final = False


class Connection:
    """Carries bytes between a socket and Hypercorn's protocols.

    In place of Hypercorn's own, which in 0.18 lets an exception on one connection end the process,
    sends without a deadline, and starts a task per answer for its idle limit.

    Args:
        app: the application.
        config: Hypercorn's.
        context: what the server tells its connections: that it stops.
        stream: the socket.
    """

    def __init__(
        self, app: AppWrapper, config: Config, context: WorkerContext, stream: trio.SocketStream
    ) -> None:
        self._app = app
        self._config = config
        self._context = context
        self._stream = stream
        self._protocol: Http1 | Http2
        self._is_idle = True
        self._reading = trio.CancelScope()
        self._read_until = self._idle_deadline()
        self._sending = trio.CancelScope()
        self._send_lock = trio.Lock()
        self._is_lingering = False
        self._is_aborted = False

    async def run(self) -> None:
        """Serve the connection until it ends. Raises nothing but cancellation."""
        try:
            async with trio.open_nursery() as nursery:
                self._requests = Requests(nursery)
                self._protocol = self._speak(Http1)
                await self._read()
        except* OSError:
            pass  # the other end is gone
        except* Exception as group:  # the border of a connection
            classes = sorted({type(error).__name__ for error in leaves(group)})
            fields = {"protocol": type(self._protocol).__name__, "errors": " ".join(classes)}
            log.warning("serving.connection_failed", extra={"fields": fields}, exc_info=True)
        finally:
            await trio.aclose_forcefully(self._stream)

    @property
    def is_waiting(self) -> bool:
        """Nothing is being answered on it, and it was not told to close."""
        return self._is_idle and self._read_until > -math.inf

    def stop(self) -> None:
        """Close as soon as nothing is being answered; the context knows of the stop already."""
        if self._is_idle:
            self._read_no_longer_than(-math.inf)
            if self._send_lock.locked():
                self.abort()  # no answer, but acknowledgements that the client does not read

    def abort(self) -> None:
        """Give up what is being sent. Everything else is ended by cancellation."""
        self._is_aborted = True
        self._sending.cancel()

    def _speak(self, protocol: type[Http1] | type[Http2]) -> Http1 | Http2:
        socket = self._stream.socket
        return protocol(
            self._app,
            self._config,
            self._context,
            self._requests,  # type: ignore[arg-type] # but for being a context manager
            ConnectionState({}),
            _IS_TLS,
            parse_socket_addr(socket.family, socket.getpeername()),
            parse_socket_addr(socket.family, socket.getsockname()),
            self._take,
        )

    async def _read(self) -> None:
        while True:
            data = b""
            with (
                suppress(trio.BrokenResourceError, trio.ClosedResourceError),
                trio.CancelScope(deadline=self._read_until) as self._reading,
            ):
                data = bytes(await self._stream.receive_some(READ_BYTES))
            if not data:
                break
            if not self._is_lingering:
                await self._handle(data)
        await self._protocol.handle(Closed())

    async def _handle(self, data: bytes) -> None:
        try:
            await self._protocol.handle(RawData(data))
        except H2ProtocolAssumedError as preface:
            self._protocol = self._speak(Http2)
            await self._take(Updated(idle=True))  # the preface was taken for a request
            await self._protocol.initiate()
            await self._protocol.handle(RawData(preface.data))

    def _read_no_longer_than(self, deadline: float) -> None:
        self._read_until = self._reading.deadline = deadline

    async def _take(self, event: Event) -> None:
        """Do what the protocol wants done with the socket."""
        if isinstance(event, RawData):
            if not await self._send(event.data):
                await self._protocol.handle(Closed())
        elif isinstance(event, Closed):
            await self._protocol.handle(Closed())
            await self._close_our_half()
        elif (
            isinstance(event, Updated)
            and event.idle is not self._is_idle
            and not self._is_lingering
        ):
            self._is_idle = event.idle
            self._read_no_longer_than(self._idle_deadline() if event.idle else math.inf)

    def _idle_deadline(self) -> float:
        if self._context.terminated.is_set():
            return -math.inf
        return trio.current_time() + IDLE_SECONDS

    async def _send(self, data: bytes) -> bool:
        """Send everything, whatever becomes of the request; False once the client has gone."""
        is_sent = False
        # Half an answer, or half a frame, would corrupt all that follows on the connection.
        with trio.CancelScope(shield=True) as scope:
            await self._wait_turn()
            try:
                self._sending = scope
                await self._send_pieces(memoryview(data), scope)
                is_sent = True
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            finally:
                self._send_lock.release()
        if scope.cancelled_caught:
            await trio.aclose_forcefully(self._stream)
        return is_sent

    async def _wait_turn(self) -> None:
        try:
            self._send_lock.acquire_nowait()
        except trio.WouldBlock:
            await self._send_lock.acquire()

    async def _send_pieces(self, data: memoryview, scope: trio.CancelScope) -> None:
        if self._is_aborted:
            raise trio.ClosedResourceError
        for start in range(0, len(data), PIECE_BYTES):
            scope.deadline = trio.current_time() + PIECE_SECONDS
            await self._stream.send_all(data[start : start + PIECE_BYTES])

    async def _close_our_half(self) -> None:
        self._is_lingering = True
        self._read_no_longer_than(trio.current_time() + LINGER_SECONDS)
        # Who ended the answer may be cancelled by that end; whoever holds the turn has a deadline.
        with (
            suppress(trio.BrokenResourceError, trio.ClosedResourceError),
            trio.CancelScope(shield=True),
        ):
            await self._wait_turn()
            try:
                await self._stream.send_eof()
            finally:
                self._send_lock.release()
