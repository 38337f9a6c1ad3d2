"""The checksum of a file of books, kept in the file: one that was damaged is not read."""

import mmap
import zlib
from pathlib import Path
from typing import Final

# Where SQLite keeps the number that is its user's, PRAGMA user_version, in the header of a file.
# Source: https://www.sqlite.org/fileformat2.html#user_version_number
_PLACE: Final = slice(60, 64)
_HEADER_BYTES: Final = 100


def stamp(path: Path) -> None:
    """Write the checksum into a closed database that is not changed afterwards."""
    checksum = _checksum(path)
    with path.open("r+b") as file:
        file.seek(_PLACE.start)
        file.write(checksum)


def is_whole(path: Path) -> bool:
    """Whether a file is as it was stamped: not cut off, not damaged, not another one.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    return len(header) == _HEADER_BYTES and header[_PLACE] == _checksum(path)


def _checksum(path: Path) -> bytes:
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as content,
    ):
        content[_PLACE] = bytes(4)  # in memory only
        return zlib.crc32(content).to_bytes(4, "big")
