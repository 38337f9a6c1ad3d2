"""Many 1C calls side by side: at most so many at once, one deadline, and outcomes as values."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

import attrs
import trio

from onecgw.backends.scheduling.deadline import NARROW_REPORT, out_of_time
from onecgw.errors import OnecgwError

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# Called with how many of how many calls have ended.
Progress = Callable[[int, int], Awaitable[None]]


async def ignore_progress(_: int, __: int) -> None:
    """Report no progress."""


@attrs.frozen(kw_only=True)
class Part(Generic[Value]):
    """One call of a fan-out.

    ask: makes the call. needed_by: the results that are lost without it; () = none is.
    """

    ask: Callable[[], Awaitable[Value]]
    needed_by: tuple[Hashable, ...] = ()


async def fan_out(
    parts: Mapping[Key, Part[Value]],
    *,
    limit: int,
    timeout_ms: int,
    progress: Progress,
) -> dict[Key, Value | OnecgwError]:
    """The outcome of each part, in the order of the parts: its value, or its failure.

    If a part fails, the results that need it are lost. Parts that only lost results need are
    cancelled or not started, and get that failure too. A part that the deadline cuts off gets
    OnecTimeout; parts that ended before keep their value.

    Args:
        parts: begun in this order.
        limit: how many run at once.
        timeout_ms: for the whole.
        progress: called with the number of parts that have ended, and of all parts.

    Raises:
        Exception: a defect in a part or in `progress`, as itself and never in a group; the other
            parts are cancelled.
    """
    run = _FanOut(parts, progress)
    with trio.move_on_after(timeout_ms / 1000):
        async with trio.open_nursery() as nursery:
            for _ in range(min(limit, len(parts))):
                nursery.start_soon(run.work, nursery.cancel_scope)
    if run.defect is not None:
        raise run.defect
    return {
        key: run.outcomes.get(key, out_of_time(timeout_ms, advice=NARROW_REPORT)) for key in parts
    }


class _FanOut(Generic[Key, Value]):
    def __init__(self, parts: Mapping[Key, Part[Value]], progress: Progress) -> None:
        self.outcomes: dict[Key, Value | OnecgwError] = {}
        self.defect: Exception | None = None
        self._parts = parts
        self._progress = progress
        self._waiting = iter(parts)
        self._running: dict[Key, trio.CancelScope] = {}
        self._lost: dict[Hashable, OnecgwError] = {}

    async def work(self, everything: trio.CancelScope) -> None:
        """Take part after part until none is left."""
        try:
            for key in self._waiting:
                await self._run(key)
                await self._progress(len(self.outcomes), len(self._parts))
        except Exception as defect:  # noqa: BLE001 - raised again where no group can wrap it
            self.defect = defect
            everything.cancel()

    async def _run(self, key: Key) -> None:
        part = self._parts[key]
        outcome = self._reason_to_give_up(part)
        if outcome is None:
            with trio.CancelScope() as self._running[key]:
                try:
                    self.outcomes[key] = await part.ask()
                except OnecgwError as error:
                    outcome = error
            if self._running.pop(key).cancelled_caught:
                outcome = self._reason_to_give_up(part)
        if outcome is not None:
            self.outcomes[key] = outcome
            self._lose(part, outcome)

    def _lose(self, part: Part[Value], error: OnecgwError) -> None:
        for result in part.needed_by:
            self._lost.setdefault(result, error)
        for key, scope in self._running.items():
            if self._reason_to_give_up(self._parts[key]) is not None:
                scope.cancel()

    def _reason_to_give_up(self, part: Part[Value]) -> OnecgwError | None:
        """The failure for which a part is not needed any more; None while a result needs it."""
        if not part.needed_by or not self._lost.keys() >= set(part.needed_by):
            return None
        return self._lost[part.needed_by[0]]
