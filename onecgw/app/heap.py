"""How the C library keeps the memory of answers: reused while they are small, returned when large.

By default glibc raises the size from which memory is returned at once to that of the largest block
freed so far, and keeps a heap per thread. So one answer of 60 MB was kept for good in pieces, and
each answer of 2 MB was mapped and cleared page by page, a seventh of its cost.
"""

import ctypes
from contextlib import suppress
from typing import Final

# Source: mallopt(3), malloc.h of glibc.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
MAPPED_BYTES: Final = 4 * 1024 * 1024  # from here on a block is returned as soon as it is freed
KEPT_BYTES: Final = 16 * 1024 * 1024  # at most, at the end of the heap, for the next answers


def tune_heap() -> None:
    """Set the thresholds of this process; does nothing with another C library than glibc."""
    with suppress(OSError, AttributeError, TypeError):  # musl, macOS; Windows has no CDLL(None)
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES)
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_ARENA_MAX, 1)
