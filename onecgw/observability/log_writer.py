"""Writes log lines in a thread, so that a reader of stderr that stops holds up nothing."""

import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import Final

MAX_LINES: Final = 10_000  # that wait; further ones are dropped and counted
FLUSH_SECONDS: Final = 1  # at the end of the process


def write_whole(descriptor: int, line: bytes) -> None:
    """Write a line to a descriptor.

    Not with sys.stderr: its lock would be held while a write blocks, also by the end of the
    process.
    """
    while line:
        line = line[os.write(descriptor, line) :]


class QueuedHandler(logging.Handler):
    """Formats records at once, and writes the lines in a thread.

    Args:
        write: writes a whole line; an OSError means that it is lost.
        max_lines: the most that wait.
    """

    def __init__(self, write: Callable[[bytes], None], *, max_lines: int = MAX_LINES) -> None:
        super().__init__()
        self._write_line = write
        self._lines: queue.Queue[bytes] = queue.Queue(max_lines)
        self._dropped = 0
        self._is_written = threading.Condition()
        # A daemon: a write that blocks for ever does not keep the process.
        threading.Thread(target=self._write_lines, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of a record."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - logging's own convention
            self.handleError(record)
            return
        try:
            self._lines.put_nowait(f"{line}\n".encode(errors="backslashreplace"))
        except queue.Full:
            self._dropped += 1

    def flush(self) -> None:
        """Wait until all lines are written, but at most FLUSH_SECONDS."""
        with self._is_written:
            self._is_written.wait_for(lambda: not self._lines.unfinished_tasks, FLUSH_SECONDS)

    def _write_lines(self) -> None:
        while True:
            self._write(self._lines.get())
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                self._write(f"{self.format(_make_dropped_record(dropped))}\n".encode())
            with self._is_written:
                self._lines.task_done()
                self._is_written.notify_all()

    def _write(self, line: bytes) -> None:
        try:
            self._write_line(line)
        except OSError:
            self._dropped += 1  # the reader has gone


def _make_dropped_record(count: int) -> logging.LogRecord:
    record = logging.LogRecord(__name__, logging.WARNING, "", 0, "log.dropped", None, None)
    record.fields = {"lines": count}
    return record
