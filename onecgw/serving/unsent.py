"""The memory of answers that wait until their clients read them."""

import logging
from collections.abc import Callable, Hashable
from typing import Final

import attrs
import trio

STALLED_SECONDS: Final = 1
"""A client that has read less than 64 KiB in this time is slow."""

log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class _Unsent:
    size_bytes: int
    read_at: float
    end: Callable[[], None]


class UnsentAnswers:
    """The sum of all answers that are not sent; each is kept whole until its last byte is.

    An answer that is sent is no longer counted with the answers of 1C, and a client may read it as
    slowly as 64 KiB in 30 seconds. While the sum is too large, the answers end whose clients are
    slow, the slowest first.

    Args:
        max_bytes: of all together; one answer alone may be larger.
    """

    def __init__(self, max_bytes: float) -> None:
        self._max_bytes = max_bytes
        self._unsent: dict[Hashable, _Unsent] = {}  # who has read nothing for longest comes first
        self.size_bytes = 0

    def update(self, answer: Hashable, size_bytes: int, end: Callable[[], None]) -> None:
        """Note that a client has read a part of an answer; call again after each 64 KiB.

        Args:
            answer: what it is known by.
            size_bytes: of the whole answer; 0: it is sent.
            end: called if it has to end.
        """
        self._remove(answer)
        now = trio.current_time()
        if size_bytes:
            self._unsent[answer] = _Unsent(size_bytes=size_bytes, read_at=now, end=end)
            self.size_bytes += size_bytes
        while self.size_bytes > self._max_bytes and len(self._unsent) > 1:
            slowest, unsent = next(iter(self._unsent.items()))
            if now - unsent.read_at < STALLED_SECONDS:
                return
            self._remove(slowest)
            fields = {"unsent_bytes": self.size_bytes}
            log.warning("serving.slow_reader_ended", extra={"fields": fields, "is_anonymous": True})
            unsent.end()

    def _remove(self, answer: Hashable) -> None:
        if (unsent := self._unsent.pop(answer, None)) is not None:
            self.size_bytes -= unsent.size_bytes
