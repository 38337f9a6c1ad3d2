"""One deadline over a whole call: waiting, connecting, 1C's work, reading, retries."""

from types import TracebackType
from typing import Final

import trio

from onecgw.errors import OnecTimeout
from onecgw.locales.text import join_texts, say

# Keys of texts.
NARROW_REPORT: Final = "onec.narrow_report"
NARROW_SEARCH: Final = "onec.narrow_search"


class deadline:  # noqa: N801 - it is called like a function
    """Lets the body run for at most timeout_ms; advice: the key of what the caller may do then.

    If an outer deadline passes first, the cancellation goes on to the outer one. A class, because
    a generator's context manager costs each call as much as the cancel scope in it.

    Raises:
        OnecTimeout: the time was up.
    """

    __slots__ = ("_advice", "_scope", "_timeout_ms")

    def __init__(self, timeout_ms: int, *, advice: str = "") -> None:
        self._timeout_ms = timeout_ms
        self._advice = advice

    def __enter__(self) -> None:
        self._scope = trio.CancelScope(deadline=trio.current_time() + self._timeout_ms / 1000)
        self._scope.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scope.__exit__(kind, error, traceback)
        if self._scope.cancelled_caught:
            raise out_of_time(self._timeout_ms, advice=self._advice)


def out_of_time(timeout_ms: int, *, advice: str = "") -> OnecTimeout:
    """What a caller is told when the time is up."""
    late = say("onec.timeout", ms=timeout_ms)
    return OnecTimeout(join_texts("; ", (late, say(advice) if advice else "")))
