"""The frames of one HTTP/2 connection, counted before they are processed."""

from typing import Any, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event as FrameEvent
from h2.exceptions import DenialOfServiceError
from h2.frame_buffer import FrameBuffer
from hyperframe.frame import (
    DataFrame,
    Frame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from onecgw.serving.budget import ConnectionBudget
from onecgw.serving.header_limits import MAX_HEAD_BYTES

# In units of the budget.
FRAME_UNITS: Final = 1
RESET_UNITS: Final = 9  # the request that it ends has cost more than it
SETTINGS_EVENTS: Final = 75  # clients send one, and few more to enlarge their windows
SETTINGS_UNITS: Final = 20
STREAMS_PER_UNIT: Final = 100  # that a window for the whole connection lets continue


class _FrameBuffer(FrameBuffer):
    _head_bytes = 0  # of a head that has not ended

    def _update_header_buffer(self, f: Frame | None) -> Frame | None:
        frame = super()._update_header_buffer(f)
        parts = self._headers_buffer
        self._head_bytes = self._head_bytes + len(parts[-1].data) if parts else 0
        # The library keeps 64 frames of such a head: a megabyte for each connection.
        if self._head_bytes > MAX_HEAD_BYTES:
            raise DenialOfServiceError("the head of a request is too large")
        return frame


class BudgetedFrames(H2Connection):
    """HTTP/2 frames that count for the budget of their connection, and end it when it is spent."""

    MAX_CLOSED_STREAMS = 1_000  # remembered for late frames; the default takes 7 MB

    def __init__(self, config: H2Configuration, budget: ConnectionBudget) -> None:
        super().__init__(config)
        self._budget = budget
        self.incoming_buffer = _FrameBuffer(server=True)
        self.incoming_buffer.max_frame_size = self.max_inbound_frame_size

    def _receive_frame(self, frame: Frame) -> list[FrameEvent]:
        if isinstance(frame, DataFrame):
            is_wanted = frame.stream_id in self.streams
            self._budget.charge_body_part(len(frame.data), is_wanted=is_wanted)
        elif isinstance(frame, RstStreamFrame):
            self._budget.charge(RESET_UNITS)
        elif isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
            self._budget.charge(SETTINGS_EVENTS, units=SETTINGS_UNITS)
        elif isinstance(frame, WindowUpdateFrame) and frame.stream_id == 0:
            self._budget.charge(FRAME_UNITS + len(self.streams) / STREAMS_PER_UNIT)
        elif not isinstance(frame, HeadersFrame) or frame.stream_id in self.streams:
            self._budget.charge(FRAME_UNITS)
        if self._budget.is_spent:
            raise DenialOfServiceError("too many frames without progress")  # ENHANCE_YOUR_CALM
        return super()._receive_frame(frame)

    def _receive_goaway_frame(self, frame: Any) -> Any:  # noqa: ANN401 - of another library
        # RFC 9113, 6.8: a GOAWAY concerns streams that the server would begin, and it begins none.
        # The library would end the running responses as well.
        if frame.error_code == ErrorCodes.NO_ERROR:
            return [], []
        return super()._receive_goaway_frame(frame)
