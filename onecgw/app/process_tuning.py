"""How a serving process keeps memory, collects garbage and shares its time between threads."""

import ctypes
import gc
import sys
from contextlib import suppress
from typing import Final

# Source: mallopt(3), malloc.h of glibc.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
MAPPED_BYTES: Final = 4 * 1024 * 1024  # from here on a block is returned as soon as it is freed
KEPT_BYTES: Final = 16 * 1024 * 1024  # at most, at the end of the heap, for the next answers

# New objects before a collection of the youngest, then collections before one of the next older.
COLLECTOR_THRESHOLDS: Final = (20_000, 20, 50)
# How long a thread waits for the busy event loop. The one that writes the audit, for which answers
# wait, does so some times in each transaction.
SWITCH_SECONDS: Final = 0.001


def tune_process() -> None:
    """Set what holds from the start of the process on: memory, and the time of a thread."""
    sys.setswitchinterval(SWITCH_SECONDS)
    _tune_heap()


def set_up_collector() -> None:
    """Leave what the start has made out of all collections of the garbage collector.

    A collection of the oldest generation looked at 300 000 objects that never go away, and one of
    the youngest came several times in each call. After a reload, what it has replaced is collected.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


def return_memory() -> None:
    """Return the free memory between what is in use; the C library itself returns that at the end.

    After 1 000 connections with TLS these are 40 MB, in a few milliseconds.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _tune_heap() -> None:
    """Let the C library reuse the memory of small answers, and return that of large ones.

    By default glibc raises the size from which memory is returned at once to that of the largest
    block freed so far, and keeps a heap per thread. So one answer of 60 MB was kept for good in
    pieces, and each answer of 2 MB was mapped and cleared page by page, a seventh of its cost.
    Other C libraries stay as they are.
    """
    with suppress(OSError, AttributeError, TypeError):  # musl, macOS; Windows has no CDLL(None)
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES)
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_ARENA_MAX, 1)
