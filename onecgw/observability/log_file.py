"""A log file that begins anew at a size, on any system and for several processes."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # Windows, where one process writes
    fcntl = None  # type: ignore[assignment]

IS_SHARED: Final = fcntl is not None  # whether several processes may write one file
OWNER_ONLY: Final = 0o600
FOLDER_OWNER_ONLY: Final = 0o700


class RotatingFile:
    """Appends lines; at a size, the file becomes `.1`, `.1` becomes `.2`, and the oldest goes.

    Args:
        path: the file; its folder is made if need be.
        max_bytes: no file is longer, except for a line that is longer by itself.
        files_kept: how many earlier files stay.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, *, max_bytes: int, files_kept: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._files_kept = files_kept
        path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_OWNER_ONLY)
        self._descriptor = self._open()

    def write(self, line: bytes) -> None:
        """Append a line.

        Raises:
            OSError: it cannot be written.
        """
        with self._locked():
            if os.fstat(self._descriptor).st_size + len(line) > self._max_bytes:
                self._rotate()
            while line:
                line = line[os.write(self._descriptor, line) :]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Exclude the other processes, and follow a file that one of them has moved."""
        if not IS_SHARED:
            yield
            return
        while True:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            if self._is_current():
                break
            self._reopen()
        descriptor = self._descriptor
        try:
            yield
        finally:
            if descriptor == self._descriptor:  # a rotation closes it, which unlocks it as well
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _is_current(self) -> bool:
        try:
            found = self._path.stat()
        except FileNotFoundError:  # moved by a program such as logrotate
            return False
        opened = os.fstat(self._descriptor)
        return (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)

    def _rotate(self) -> None:
        # Windows does not rename a file that is open; no other process holds it there.
        if not IS_SHARED:
            os.close(self._descriptor)
        for number in range(self._files_kept, 0, -1):
            source = self._numbered(number - 1) if number > 1 else self._path
            with contextlib.suppress(FileNotFoundError):
                source.replace(self._numbered(number))
        if not IS_SHARED:
            self._descriptor = self._open()
        else:
            self._reopen()

    def _reopen(self) -> None:
        before, self._descriptor = self._descriptor, self._open()
        os.close(before)

    def _open(self) -> int:
        return os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, OWNER_ONLY)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
