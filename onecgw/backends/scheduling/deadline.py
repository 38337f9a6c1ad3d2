"""One deadline over a whole call: waiting, connecting, 1C's work, reading, retries."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio

from onecgw.errors import OnecTimeout
from onecgw.locales.text import join_texts, say

# Keys of texts.
NARROW_REPORT: Final = "onec.narrow_report"
NARROW_SEARCH: Final = "onec.narrow_search"


@contextmanager
def deadline(timeout_ms: int, *, advice: str = "") -> Iterator[None]:
    """Let the body run for at most timeout_ms; advice: the key of what the caller may do then.

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
    late = say("onec.timeout", ms=timeout_ms)
    return OnecTimeout(join_texts("; ", (late, say(advice) if advice else "")))
