"""Hypercorn's HTTP/2 with limits of the request head, and a deadline for each part sent."""

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import trio
from h2.errors import ErrorCodes
from h2.events import DataReceived, PriorityUpdated, RequestReceived, StreamEnded, StreamReset
from h2.events import Event as FrameEvent
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hypercorn.events import Closed, Event, Updated
from hypercorn.protocol.events import Body, EndBody, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol

from onecgw.serving.client_stream import PIECE_BYTES, PIECE_SECONDS
from onecgw.serving.header_limits import MAX_HEAD_BYTES, find_rejection
from onecgw.serving.http2_frames import BudgetedFrames
from onecgw.serving.task_group import RequestTaskGroup

MAX_STREAMS: Final = 100  # RFC 9113, 6.5.2 recommends at least 100
MAX_TABLE_BYTES: Final = 4_096  # of the HPACK encoder; the default of the protocol
GOAWAY_DELAY_SECONDS: Final = 0.1  # between the end of the last response and GOAWAY


class Http2(H2Protocol):
    """The concurrent HTTP/2 requests of one connection; no extended CONNECT, so no WebSocket."""

    task_group: RequestTaskGroup  # type: ignore[assignment] # declared by Hypercorn

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - Hypercorn's own
        super().__init__(*arguments)
        self.connection = BudgetedFrames(self.connection.config, self.task_group.budget)
        self.connection.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )
        self._stream_sent = trio.Event()
        self._has_sent_goaway = False
        self._receiving: set[int] = set()  # streams whose request has not ended

    async def handle(self, event: Event) -> None:
        """Handle received bytes, or the end of them; then a GOAWAY is sent."""
        if isinstance(event, Closed) and not self._has_sent_goaway:
            self._has_sent_goaway = True
            with suppress(ProtocolError):
                self.connection.close_connection()
            await self._flush()
        if isinstance(event, Closed):
            self.closed = True
            # One stream in each pass of the event loop: their tasks end together, 0.4 ms each.
            for stream_id in list(self.streams):
                await self._close_stream(stream_id)
                if buffer := self.stream_buffers.get(stream_id):
                    await buffer.close()
                await trio.lowlevel.checkpoint()
        await super().handle(event)
        if self.closed:
            # Hypercorn would let the task that sends a response wait for a window for ever.
            for buffer in list(self.stream_buffers.values()):
                await buffer.close()
            self._stream_sent.set()

    async def stream_send(self, event: StreamEvent) -> None:
        """Send a part of a response; reset the stream if the client does not read it in time."""
        if isinstance(event, Body):
            await self._send_body(event)
        elif isinstance(event, EndBody):
            await self._send_in_time(event)
        elif isinstance(event, StreamClosed):
            await self._end_stream(event)
        else:
            await super().stream_send(event)

    async def _send_body(self, event: Body) -> None:
        answer, stream = (self, event.stream_id), self.task_group.stream
        try:
            for start in range(0, len(event.data), PIECE_BYTES):
                if self.closed:
                    return
                stream.unsent.update(answer, len(event.data), stream.evict)
                piece = event.data[start : start + PIECE_BYTES]
                await self._send_in_time(Body(stream_id=event.stream_id, data=piece))
        finally:
            stream.unsent.update(answer, 0, stream.evict)

    async def _send_in_time(self, event: Body | EndBody) -> None:
        with trio.move_on_after(PIECE_SECONDS) as scope:
            await super().stream_send(event)
            # Hypercorn continues after any progress, and would buffer the whole response.
            if buffer := self.stream_buffers.get(event.stream_id):
                await buffer.drain()
        if scope.cancelled_caught:
            await self._reset(event.stream_id, ErrorCodes.CANCEL)
            await super().stream_send(StreamClosed(stream_id=event.stream_id))

    async def _end_stream(self, event: StreamClosed) -> None:
        buffer = self.stream_buffers.get(event.stream_id)
        if buffer is not None and not buffer.complete:  # the application failed
            await self._reset(event.stream_id, ErrorCodes.INTERNAL_ERROR)
        # A stopping Hypercorn sends GOAWAY as soon as the last response is queued, before its last
        # frame is sent. And httpcore 1.0 clients that read GOAWAY together with the ends of several
        # responses report all but one as broken.
        with trio.move_on_after(PIECE_SECONDS):
            await self._wait_until_sent(event.stream_id)
        if event.stream_id in self._receiving:
            # RFC 9113, 8.1: the response is complete, and the rest of the request is not needed.
            await self._reset(event.stream_id, ErrorCodes.NO_ERROR)
        if self.context.terminated.is_set():
            await trio.sleep(GOAWAY_DELAY_SECONDS)
        await super().stream_send(event)

    async def _window_updated(self, stream_id: int | None) -> None:
        """Let streams send again that have something to send and a window for it."""
        ids = [stream_id] if stream_id else list(self.stream_buffers)
        for waiting in ids:
            with suppress(ProtocolError):  # the stream has ended
                buffer = self.stream_buffers.get(waiting)
                if buffer and (buffer.buffer or buffer.complete) and self._window(waiting) > 0:
                    self.priority.unblock(waiting)
        await self.has_data.set()

    def _window(self, stream_id: int) -> int:
        return self.connection.local_flow_control_window(stream_id)

    async def _reset(self, stream_id: int, reason: ErrorCodes) -> None:
        """Reset one stream; a stream that has ended is left alone."""
        self._receiving.discard(stream_id)
        with suppress(ProtocolError):
            self.connection.reset_stream(stream_id, reason)
        await self._flush()
        await self._drop_rest(stream_id)

    async def _drop_rest(self, stream_id: int) -> None:
        """Make the sending task drop the rest of a response."""
        if buffer := self.stream_buffers.get(stream_id):
            await buffer.close()
            await self._window_updated(stream_id)

    async def _wait_until_sent(self, stream_id: int) -> None:
        """Return when the whole response was passed to the socket."""
        while stream_id in self.stream_buffers and not self.closed:
            await self._stream_sent.wait()

    async def _send_data(self, stream_id: int) -> None:
        await super()._send_data(stream_id)
        if stream_id not in self.stream_buffers:
            self._stream_sent.set()
            self._stream_sent = trio.Event()

    async def _handle_events(self, events: Sequence[FrameEvent]) -> None:
        for event in events:
            if self.closed:
                return  # the client has gone; each of its requests would wait for a turn
            if isinstance(event, DataReceived) and event.stream_id not in self.streams:
                # The rest of the body of a rejected request; the connection shares its window.
                with suppress(ProtocolError):
                    self.connection.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
            elif isinstance(event, RequestReceived) and self.context.terminated.is_set():
                # RFC 9113, 8.7: it was not processed, so the client may repeat it elsewhere.
                await self._reset(event.stream_id, ErrorCodes.REFUSED_STREAM)
            elif isinstance(event, StreamReset):
                self._receiving.discard(event.stream_id)
                await self._drop_rest(event.stream_id)
                await super()._handle_events([event])
            elif not isinstance(event, PriorityUpdated):
                if isinstance(event, StreamEnded):
                    self._receiving.discard(event.stream_id)
                # RFC 9113, 5.3.2: priorities are deprecated. The client would decide how much CPU
                # the priority tree costs.
                await super()._handle_events([event])
        encoder = self.connection.encoder  # it searches its whole table for each header
        encoder.header_table_size = min(encoder.header_table_size, MAX_TABLE_BYTES)
        await self._flush()
        await self.send(Updated(idle=not self.streams))

    async def _create_stream(self, request: RequestReceived) -> None:
        pseudo = {name: value for name, value in request.headers if name.startswith(b":")}
        method = pseudo.get(b":method", b"")
        status = find_rejection(method, pseudo.get(b":path", b""), request.headers)
        if method == b"CONNECT":
            status = HTTPStatus.NOT_IMPLEMENTED
        if status is None:
            await self.task_group.wait_for_capacity()
            self._receiving.add(request.stream_id)
            self.task_group.budget.charge_request()
            await self.task_group.budget.wait_turn()
            await super()._create_stream(request)
            return
        headers = [(b":status", b"%d" % status), (b"content-length", b"0")]
        with suppress(ProtocolError):  # the client has reset the stream
            self.connection.send_headers(request.stream_id, headers, end_stream=True)
