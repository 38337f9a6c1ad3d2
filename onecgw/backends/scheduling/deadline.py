"""One deadline over a whole call: waiting, connecting, 1C's work, reading, retries."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio

from onecgw.errors import OnecTimeout

NARROW_REPORT: Final = "narrow the period or the filters, or ask for fewer rows"
NARROW_SEARCH: Final = "try again, or give more of the name"


@contextmanager
def deadline(timeout_ms: int, *, advice: str = "") -> Iterator[None]:
    """Let the body run for at most timeout_ms; advice: what the caller may do about it.

    If an outer deadline passes first, the cancellation goes on to the outer one.

    Raises:
        OnecTimeout: the time was up.
    """
    with trio.move_on_after(timeout_ms / 1000) as scope:
        yield
    if scope.cancelled_caught:
        raise out_of_time(timeout_ms, advice=advice)


def out_of_time(timeout_ms: int, *, advice: str = "") -> OnecTimeout:
    """What a caller is told when the time is up."""
    return OnecTimeout(
        "; ".join(filter(None, (f"1C did not answer within {timeout_ms} ms", advice)))
    )
