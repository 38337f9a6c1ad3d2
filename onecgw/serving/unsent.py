"""The memory of answers that wait until their clients read them."""

import logging
from collections.abc import Callable, Hashable

log = logging.getLogger(__name__)


class UnsentAnswers:
    """The sum of what all answers have left to send.

    An answer that is sent is no longer counted with the answers of 1C, and a client may read it as
    slowly as 64 KiB in 30 seconds. When the sum is too large, the answer ends whose client has read
    nothing for longest.

    Args:
        max_bytes: of all together; one answer alone may be larger.
    """

    def __init__(self, max_bytes: float) -> None:
        self._max_bytes = max_bytes
        self._left: dict[Hashable, tuple[int, Callable[[], None]]] = {}
        self.size_bytes = 0

    def update(self, answer: Hashable, left_bytes: int, end: Callable[[], None]) -> None:
        """Set what an answer has left; 0: it is sent. end: called if it has to end."""
        self._remove(answer)
        if left_bytes:
            self._left[answer] = (left_bytes, end)
            self.size_bytes += left_bytes
        while self.size_bytes > self._max_bytes and len(self._left) > 1:
            end_slowest = self._remove(next(iter(self._left)))
            fields = {"unsent_bytes": self.size_bytes}
            log.warning("serving.slow_reader_ended", extra={"fields": fields, "is_anonymous": True})
            end_slowest()

    def _remove(self, answer: Hashable) -> Callable[[], None]:
        left_bytes, end = self._left.pop(answer, (0, lambda: None))
        self.size_bytes -= left_bytes
        return end
