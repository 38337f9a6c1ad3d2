"""Writes log lines in a thread, so that a reader of stderr that stops holds up nothing.

The thread must not be woken for each line: it would take the interpreter's lock from the event
loop once per call. It waits for a few milliseconds, and writes what has gathered in one write.
"""

import logging
import os
import threading
from collections import deque
from typing import Final

MAX_LINES: Final = 10_000  # that wait; further ones are dropped and counted
GATHER_SECONDS: Final = 0.005
MAX_LINES_AT_ONCE: Final = 1_000
FLUSH_SECONDS: Final = 1  # at the end of the process


class QueuedHandler(logging.Handler):
    """Formats records at once, and writes the lines in a thread.

    Args:
        descriptor: what the lines are written to.
        max_lines: the most that wait.
    """

    def __init__(self, descriptor: int, *, max_lines: int = MAX_LINES) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._max_lines = max_lines
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._has_lines = threading.Event()
        self._is_urgent = threading.Event()
        self._is_written = threading.Event()
        # A daemon: a write that blocks for ever does not keep the process.
        threading.Thread(target=self._write_lines, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of a record."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - logging's own convention
            self.handleError(record)
            return
        if len(self._lines) >= self._max_lines:
            self._dropped += 1
            return
        self._lines.append(line)
        if not self._has_lines.is_set():
            self._has_lines.set()

    def flush(self) -> None:
        """Wait until all lines are written, but at most FLUSH_SECONDS."""
        self._is_written.clear()
        self._is_urgent.set()
        self._has_lines.set()
        self._is_written.wait(FLUSH_SECONDS)

    def _write_lines(self) -> None:
        while True:
            self._has_lines.wait()
            self._is_urgent.wait(GATHER_SECONDS)
            # Cleared before what it announces is taken, so that what comes later sets it again.
            self._has_lines.clear()
            if is_flush := self._is_urgent.is_set():
                self._is_urgent.clear()
            while self._lines:
                at_once = min(len(self._lines), MAX_LINES_AT_ONCE)
                self._write([self._lines.popleft() for _ in range(at_once)])
                if self._dropped:
                    dropped, self._dropped = self._dropped, 0
                    self._write([self.format(_make_dropped_record(dropped))])
            if is_flush:
                self._is_written.set()

    def _write(self, lines: list[str]) -> None:
        # Not with sys.stderr: its lock would be held while a write blocks, also by the end of the
        # process.
        data = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._dropped += len(lines)  # the reader has gone


def _make_dropped_record(count: int) -> logging.LogRecord:
    record = logging.LogRecord(__name__, logging.WARNING, "", 0, "log.dropped", None, None)
    record.fields = {"lines": count}
    return record
