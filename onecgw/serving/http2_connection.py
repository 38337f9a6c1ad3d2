"""Carries bytes between a client's stream and Hypercorn's HTTP/2."""

from typing import Final

import attrs
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState

from onecgw.serving.budget import ConnectionBudget
from onecgw.serving.client_stream import ClientStream
from onecgw.serving.http2 import Http2
from onecgw.serving.task_group import RequestTaskGroup

# Passed to HTTP/2 at a time: at most 113 frames, which take about 2 ms, or 30 requests.
SLICE_BYTES: Final = 1024
SLICE_BYTES_IN_TURN: Final = 384  # until the caller is known; a request fits


@attrs.define(eq=False)
class Http2Connection:
    """One HTTP/2 connection.

    It replaces Hypercorn's own class, which in 0.18 lets an exception on one connection end the
    process, sends without a deadline, and starts a task per response for its idle limit.

    app: the application, as Hypercorn wraps it.
    config: Hypercorn's.
    context: says whether the server is stopping.
    stream: the bytes.
    budget: counts the work that the client causes.
    """

    _app: AppWrapper
    _config: Config
    _context: WorkerContext
    _stream: ClientStream
    _budget: ConnectionBudget
    _protocol: Http2 = attrs.field(init=False)

    async def run(self, data: bytes) -> None:
        """Serve the connection until it ends. data: the first bytes."""
        async with trio.open_nursery() as nursery:
            self._protocol = Http2(
                self._app,
                self._config,
                self._context,
                RequestTaskGroup(nursery, self._budget, self._stream),
                ConnectionState({}),
                self._stream.scheme == "https",
                self._stream.client,
                self._stream.server,
                self._handle_event,
            )
            await self._protocol.initiate()
            await self._read(data)
            await self._protocol.handle(Closed())

    async def _read(self, data: bytes) -> None:
        while True:
            if not data:
                with self._stream.limit_reading() as scope:
                    data = await self._stream.receive()
                if scope.cancelled_caught and not self._stream.is_over:
                    continue
            if not data:
                return
            if self._stream.is_lingering:
                self._budget.charge(1)
                if not self._stream.count_lingered(len(data)):
                    return
            else:
                await self._handle_slices(data)
            data = b""

    async def _handle_slices(self, data: bytes) -> None:
        start = 0
        while start < len(data):
            await self._budget.wait_turn()
            if self._stream.is_lingering:
                return  # the connection has ended: too many frames, or a broken one
            end = start + (SLICE_BYTES if self._budget.is_known else SLICE_BYTES_IN_TURN)
            await self._protocol.handle(RawData(data[start:end]))
            start = end

    async def _handle_event(self, event: Event) -> None:
        """Handle an event of the protocol: send, close, or change the idle state."""
        if isinstance(event, RawData):
            if await self._stream.send(event.data):
                self._budget.credit_sent(len(event.data))
            else:
                await self._protocol.handle(Closed())
        elif isinstance(event, Closed):
            await self._protocol.handle(Closed())
            await self._stream.end_sending()
        elif isinstance(event, Updated) and event.idle is not self._stream.is_idle:
            if event.idle:
                self._stream.set_idle()
            else:
                self._stream.is_idle = False
