"""HTTP/2 by Hypercorn, with heads that are bounded, and answers that end or are given up."""

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import trio
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, PriorityUpdated, RequestReceived, StreamReset
from h2.events import Event as FrameEvent
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hypercorn.events import Closed, Event, Updated
from hypercorn.protocol.events import Body, EndBody, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol

from onecgw.serving.header_limits import MAX_HEAD_BYTES, refusal_of
from onecgw.serving.task_group import Requests

MAX_STREAMS: Final = 100  # RFC 9113, 6.5.2: no less, so that parallelism is not limited
MAX_TABLE_BYTES: Final = 4_096  # of headers that we send repeatedly: the protocol's default
PIECE_BYTES: Final = 64 * 1024
GOODBYE_SECONDS: Final = 0.1  # between the end of the last answer and GOAWAY
PIECE_SECONDS: Final = 30  # for a client to take a piece of an answer: 2 KiB/s at the least


class _Frames(H2Connection):
    MAX_CLOSED_STREAMS = 1_000  # remembered for frames that come late; by default they take 7 MB

    def _receive_goaway_frame(self, frame: Any) -> Any:  # noqa: ANN401 - of another library
        # RFC 9113, 6.8: it is about streams that we might begin, and we begin none. The library
        # would take it for the end of the answers under way, too.
        if frame.error_code == ErrorCodes.NO_ERROR:
            return [], []
        return super()._receive_goaway_frame(frame)


class Http2(H2Protocol):
    """The requests of one connection, side by side. There is no extended CONNECT: no WebSocket."""

    task_group: Requests  # type: ignore[assignment] # Hypercorn's word for it

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - Hypercorn's own
        super().__init__(*arguments)
        self.connection = _Frames(self.connection.config)
        self.connection.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )
        self._stream_left = trio.Event()
        self._has_said_goodbye = False

    async def handle(self, event: Event) -> None:
        """Take bytes, or the news that there will be no more: then the client hears it, too."""
        if isinstance(event, Closed) and not self._has_said_goodbye:
            self._has_said_goodbye = True
            with suppress(ProtocolError):
                self.connection.close_connection()
            await self._flush()
        await super().handle(event)
        if self.closed:
            # Hypercorn leaves whoever is sending an answer to wait for a window for ever.
            for buffer in list(self.stream_buffers.values()):
                await buffer.close()
            self._stream_left.set()

    async def stream_send(self, event: StreamEvent) -> None:
        """Send a part of an answer; one that the client does not take is given up."""
        if isinstance(event, Body):
            for start in range(0, len(event.data), PIECE_BYTES):
                piece = event.data[start : start + PIECE_BYTES]
                await self._send_in_time(Body(stream_id=event.stream_id, data=piece))
        elif isinstance(event, EndBody):
            await self._send_in_time(event)
        elif isinstance(event, StreamClosed):
            await self._end_stream(event)
        else:
            await super().stream_send(event)

    async def _send_in_time(self, event: Body | EndBody) -> None:
        with trio.move_on_after(PIECE_SECONDS) as scope:
            await super().stream_send(event)
            # Hypercorn goes on as soon as a little is taken, and would heap up the whole answer.
            if buffer := self.stream_buffers.get(event.stream_id):
                await buffer.drain()
        if scope.cancelled_caught:
            await self._reset(event.stream_id, ErrorCodes.CANCEL)
            await super().stream_send(StreamClosed(stream_id=event.stream_id))

    async def _end_stream(self, event: StreamClosed) -> None:
        buffer = self.stream_buffers.get(event.stream_id)
        if buffer is not None and not buffer.complete:  # the application failed within its answer
            await self._reset(event.stream_id, ErrorCodes.INTERNAL_ERROR)
        # Hypercorn says GOAWAY as soon as the last answer of a stopping server is handed over,
        # before the frame that ends it is out. And clients (httpcore 1.0) that read GOAWAY with
        # the ends of several answers take all but one for broken.
        with trio.move_on_after(PIECE_SECONDS):
            await self._wait_left(event.stream_id)
        if self.context.terminated.is_set():
            await trio.sleep(GOODBYE_SECONDS)
        await super().stream_send(event)

    async def _reset(self, stream_id: int, reason: ErrorCodes) -> None:
        """End a stream alone. Nothing happens to one that has ended."""
        with suppress(ProtocolError):
            self.connection.reset_stream(stream_id, reason)
        await self._flush()
        await self._forget(stream_id)

    async def _forget(self, stream_id: int) -> None:
        """Have the rest of an answer dropped by the task that sends."""
        if buffer := self.stream_buffers.get(stream_id):
            await buffer.close()
            await self._window_updated(stream_id)

    async def _wait_left(self, stream_id: int) -> None:
        """Return when everything of an answer was handed to the socket."""
        while stream_id in self.stream_buffers and not self.closed:
            await self._stream_left.wait()

    async def _send_data(self, stream_id: int) -> None:
        await super()._send_data(stream_id)
        if stream_id not in self.stream_buffers:
            self._stream_left.set()
            self._stream_left = trio.Event()

    async def _handle_events(self, events: Sequence[FrameEvent]) -> None:
        for event in events:
            if isinstance(event, DataReceived) and event.stream_id not in self.streams:
                # The rest of a body that was refused; its window belongs to the others as well.
                with suppress(ProtocolError):
                    self.connection.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
            elif isinstance(event, RequestReceived) and self.context.terminated.is_set():
                # RFC 9113, 8.7: nothing was done about it, so that it may be sent elsewhere.
                await self._reset(event.stream_id, ErrorCodes.REFUSED_STREAM)
            elif isinstance(event, StreamReset):
                await self._forget(event.stream_id)
                await super()._handle_events([event])
            elif not isinstance(event, PriorityUpdated):
                # RFC 9113, 5.3.2: priorities are deprecated. A tree that the client shapes costs
                # as much as the client likes.
                await super()._handle_events([event])
        encoder = self.connection.encoder  # searched in full for each header that is sent
        encoder.header_table_size = min(encoder.header_table_size, MAX_TABLE_BYTES)
        await self._flush()
        await self.send(Updated(idle=not self.streams))

    async def _create_stream(self, request: RequestReceived) -> None:
        pseudo = {name: value for name, value in request.headers if name.startswith(b":")}
        method = pseudo.get(b":method", b"")
        status = refusal_of(method, pseudo.get(b":path", b""), request.headers)
        if method == b"CONNECT":
            status = HTTPStatus.NOT_IMPLEMENTED
        if status is None:
            await self.task_group.wait_room()
            await super()._create_stream(request)
            return
        headers = [(b":status", b"%d" % status), (b"content-length", b"0")]
        with suppress(ProtocolError):  # taken back already
            self.connection.send_headers(request.stream_id, headers, end_stream=True)
