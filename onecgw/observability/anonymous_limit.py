"""A budget of log lines for events that anybody can cause without being known."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

ANONYMOUS_LINES_PER_MINUTE: Final = 300
"""Of each event."""
SECONDS_PER_MINUTE: Final = 60


class AnonymousLimit(logging.Filter):
    """Drops anonymous records of an event above a number in a minute, and says how many.

    A record is anonymous if it is logged with `extra={"is_anonymous": True}`. The number of those
    that were dropped is a field of the next record of the event that is written.

    Args:
        now: the clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._since = now()
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        if not getattr(record, "is_anonymous", False):
            return True
        event = record.getMessage()
        fields = getattr(record, "fields", {})
        event = f"{event} {fields.get('event', '')}"  # an audit line names its event in a field
        if self._now() - self._since >= SECONDS_PER_MINUTE:
            self._since = self._now()
            self._counts.clear()
        self._counts[event] += 1
        if self._counts[event] > ANONYMOUS_LINES_PER_MINUTE:
            self._dropped[event] += 1
            return False
        if dropped := self._dropped.pop(event, 0):
            record.fields = {**fields, "dropped_before": dropped}
        return True
