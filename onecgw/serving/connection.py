"""One client connection; an error on it ends only this connection."""

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
from onecgw.serving.budget import BudgetExhausted, ConnectionBudget
from onecgw.serving.http1 import Http1
from onecgw.serving.http2 import PIECE_BYTES, PIECE_SECONDS, Http2
from onecgw.serving.task_group import RequestTaskGroup
from onecgw.serving.tls import HANDSHAKE_SECONDS, HANDSHAKE_UNITS, TlsStream

log = logging.getLogger(__name__)

READ_BYTES: Final = 8 * 1024
# Passed to HTTP/2 at a time: at most 113 frames, which take about 2 ms.
SLICE_BYTES: Final = 1024
# For the whole head of the next request. Proxies keep an idle connection for 60 s; this is longer,
# so that the proxy closes it: it knows whether it still needs the connection.
IDLE_SECONDS: Final = 75
# After the end of our response: the client's further bytes are read, because a reset could discard
# the response before the client has read it.
LINGER_SECONDS: Final = 2
MAX_LINGER_BYTES: Final = 256 * 1024


class ClientConnection:
    """Carries bytes between a socket and Hypercorn's protocols.

    It replaces Hypercorn's own class, which in 0.18 lets an exception on one connection end the
    process, sends without a deadline, and starts a task per response for its idle limit.

    Args:
        app: the application.
        config: Hypercorn's.
        context: says whether the server is stopping.
        stream: the socket, or TLS on it.
        budget: counts the work that the client causes.
    """

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        stream: trio.SocketStream | TlsStream,
        budget: ConnectionBudget,
    ) -> None:
        self.budget = budget
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
        self._is_evicted = False

    async def run(self) -> None:
        """Serve the connection until it ends. Raises nothing but cancellation."""
        try:
            async with trio.open_nursery() as nursery:
                self._requests = RequestTaskGroup(nursery, self.budget)
                self._protocol = self._speak(Http1)
                if await self._shake_hands():
                    await self._read()
        except* OSError:
            pass  # the client has disconnected
        except* BudgetExhausted:
            pass  # it is not worth a line: an attack would write many
        except* Exception as group:  # logged, and only this connection ends
            classes = sorted({type(error).__name__ for error in leaves(group)})
            fields = {"protocol": type(self._protocol).__name__, "errors": " ".join(classes)}
            log.warning(
                "serving.connection_failed",
                exc_info=True,
                extra={"fields": fields, "is_anonymous": True},
            )
        finally:
            self.budget.close()
            await trio.aclose_forcefully(self._stream)

    @property
    def is_waiting(self) -> bool:
        """Whether no request of a known caller is running, and the connection is not closing."""
        return not self.is_serving and self._read_until > -math.inf

    @property
    def is_serving(self) -> bool:
        """Whether a request is running and the caller is known."""
        return self.budget.is_known and not self._is_idle

    def evict(self) -> None:
        """End a connection that is waiting, to make room for another."""
        self._is_evicted = True
        self._read_no_longer_than(-math.inf)
        self.abort()

    def stop(self) -> None:
        """Close as soon as no request is running; the context is already marked as stopping."""
        if self._is_idle:
            self._read_no_longer_than(-math.inf)
            if self._send_lock.locked():
                self.abort()  # HTTP/2 acknowledgements that the client does not read

    def abort(self) -> None:
        """Stop sending. Everything else is ended by cancellation."""
        self._is_aborted = True
        self._sending.cancel()

    def _speak(self, protocol: type[Http1] | type[Http2]) -> Http1 | Http2:
        socket = self._stream.socket
        return protocol(
            self._app,
            self._config,
            self._context,
            self._requests,
            ConnectionState({}),
            isinstance(self._stream, TlsStream),
            parse_socket_addr(socket.family, socket.getpeername()),
            parse_socket_addr(socket.family, socket.getsockname()),
            self._handle_protocol_event,
        )

    async def _shake_hands(self) -> bool:
        """Begin TLS and the protocol of its ALPN; return False if that failed or took too long."""
        if not isinstance(self._stream, TlsStream):
            return True
        self.budget.charge(HANDSHAKE_UNITS)
        with (
            suppress(trio.BrokenResourceError, trio.ClosedResourceError),
            trio.CancelScope(deadline=self._read_until) as self._reading,
            trio.move_on_after(HANDSHAKE_SECONDS),
        ):
            await self.budget.wait_turn()
            if await self._stream.shake_hands() == "h2":
                self._protocol = self._speak(Http2)
                await self._protocol.initiate()
            return True
        return False

    async def _read(self) -> None:
        lingered_bytes = 0
        while lingered_bytes < MAX_LINGER_BYTES:
            data = b""
            with (
                suppress(trio.BrokenResourceError, trio.ClosedResourceError),
                trio.CancelScope(deadline=self._read_until) as self._reading,
            ):
                data = bytes(await self._stream.receive_some(READ_BYTES))
                if data and not self._is_lingering:
                    await self.budget.wait_turn()
            if not data or self._reading.cancelled_caught:
                break
            if self._is_lingering:
                lingered_bytes += len(data)
                self.budget.charge(1)
            else:
                await self._handle(data)
        await self._protocol.handle(Closed())

    async def _handle(self, data: bytes) -> None:
        if isinstance(self._protocol, Http2):
            for start in range(0, len(data), SLICE_BYTES):
                if start:
                    await self.budget.wait_turn()
                await self._protocol.handle(RawData(data[start : start + SLICE_BYTES]))
            return
        self.budget.charge_body_part(len(data))
        try:
            await self._protocol.handle(RawData(data))
        except H2ProtocolAssumedError as preface:
            self._protocol = self._speak(Http2)
            await self._handle_protocol_event(
                Updated(idle=True)
            )  # the protocol took the preface for a request
            await self._protocol.initiate()
            await self._handle(preface.data)

    def _read_no_longer_than(self, deadline: float) -> None:
        if self._is_evicted:
            deadline = -math.inf  # also if bytes that had arrived before began a request
        self._read_until = self._reading.deadline = deadline

    async def _handle_protocol_event(self, event: Event) -> None:
        """Handle an event of the protocol: send, close, or change the idle state."""
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
        """Send all bytes, even if the request is cancelled; return False if the client is gone."""
        is_sent = False
        # Half a frame would corrupt everything that follows on the connection.
        with trio.CancelScope(shield=True) as scope:
            await self._acquire_send_lock()
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

    async def _acquire_send_lock(self) -> None:
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
        self.budget.credit_sent(len(data))

    async def _close_our_half(self) -> None:
        self._is_lingering = True
        self._read_no_longer_than(trio.current_time() + LINGER_SECONDS)
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
