from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock

from onecgw.backends.scheduling.fan_out import Part, fan_out
from onecgw.errors import OnecgwError, OnecRejected, OnecTimeout

HOUR_MS = 3_600_000


class Onec:
    """A 1C whose answers a test releases one by one; it remembers who was begun and who left."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.gone: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._gates: dict[str, trio.Event] = {}
        self._failures: dict[str, Exception] = {}
        self._changed = trio.Event()

    def asks(self, name: str) -> Callable[[], Awaitable[str]]:
        async def ask() -> str:
            self.begun.append(name)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self._changed.set()
            try:
                await self._gate(name).wait()
            except trio.Cancelled:
                self.gone.append(name)
                raise
            finally:
                self.in_flight -= 1
            if name in self._failures:
                raise self._failures[name]
            return name.upper()

        return ask

    def answer(self, *names: str) -> None:
        for name in names:
            self._gate(name).set()

    def fail(self, name: str, error: Exception) -> None:
        self._failures[name] = error
        self._gate(name).set()

    async def wait_begun(self, count: int) -> None:
        while len(self.begun) < count:
            self._changed = trio.Event()
            await self._changed.wait()

    def _gate(self, name: str) -> trio.Event:
        return self._gates.setdefault(name, trio.Event())


class Run:
    """A fan-out over the letters of `names` in the background, and what it came to."""

    def __init__(
        self, onec: Onec, names: str, *, limit: int = 100, needs: dict[str, str] | None = None
    ) -> None:
        self.progress: list[tuple[int, int]] = []
        self.outcomes: dict[str, str | OnecgwError] = {}
        self.done = trio.Event()
        self.scope = trio.CancelScope()
        self._parts = {
            name: Part(ask=onec.asks(name), needed_by=tuple((needs or {}).get(name, "")))
            for name in names
        }
        self._limit = limit

    async def __call__(self) -> None:
        with self.scope:
            self.outcomes = await fan_out(
                self._parts, limit=self._limit, timeout_ms=HOUR_MS, progress=self._tell
            )
        self.done.set()

    async def _tell(self, done: int, total: int) -> None:
        self.progress.append((done, total))


async def test_outcomes_stand_in_the_order_of_the_parts_whatever_came_first(
    nursery: trio.Nursery,
) -> None:
    onec = Onec()
    run = Run(onec, "abc")
    nursery.start_soon(run)
    with trio.fail_after(5):
        await onec.wait_begun(3)
        for name in "cab":
            onec.answer(name)
            await trio.testing.wait_all_tasks_blocked()
        await run.done.wait()

    assert list(run.outcomes.items()) == [("a", "A"), ("b", "B"), ("c", "C")]
    assert run.progress == [(1, 3), (2, 3), (3, 3)]


async def test_never_more_than_the_limit_run_and_a_free_place_is_taken_at_once(
    nursery: trio.Nursery,
) -> None:
    onec = Onec()
    run = Run(onec, "abcdef", limit=2)
    nursery.start_soon(run)
    with trio.fail_after(5):
        await onec.wait_begun(2)
        onec.answer("b")
        await onec.wait_begun(3)
        assert sorted(onec.begun) == ["a", "b", "c"]
        onec.answer("a", "c", "d", "e", "f")
        await run.done.wait()

    assert onec.most_in_flight == 2
    assert "".join(run.outcomes) == "abcdef"


async def test_no_parts_are_no_outcomes() -> None:
    run = Run(Onec(), "")
    await run()
    assert run.outcomes == {}


async def test_a_failure_ends_only_requests_that_are_not_needed_any_more(
    nursery: trio.Nursery,
) -> None:
    # a and b make the result 1, b and c the result 2, d the result 3; e waits for a place.
    onec = Onec()
    needs = {"a": "1", "b": "12", "c": "2", "d": "3", "e": "1"}
    run = Run(onec, "abcde", limit=4, needs=needs)
    nursery.start_soon(run)
    refused = OnecRejected("no such day")
    with trio.fail_after(5):
        await onec.wait_begun(4)
        onec.fail("a", refused)
        await trio.testing.wait_all_tasks_blocked()
        assert onec.gone == []  # b is still needed by 2
        onec.answer("b", "c", "d")
        await run.done.wait()

    assert "e" not in onec.begun
    assert run.outcomes == {"a": refused, "b": "B", "c": "C", "d": "D", "e": refused}
    assert run.progress[-1] == (5, 5)


async def test_a_failure_cancels_the_calls_in_flight_that_it_makes_worthless(
    nursery: trio.Nursery,
) -> None:
    onec = Onec()
    run = Run(onec, "abcd", needs={"a": "12", "b": "1", "c": "2", "d": "3"})
    nursery.start_soon(run)
    refused = OnecRejected("no")
    with trio.fail_after(5):
        await onec.wait_begun(4)
        onec.fail("a", refused)
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(onec.gone) == ["b", "c"]
        onec.answer("d")
        await run.done.wait()

    assert run.outcomes == {"a": refused, "b": refused, "c": refused, "d": "D"}


async def test_a_part_that_no_result_needs_runs_to_its_end(nursery: trio.Nursery) -> None:
    onec = Onec()
    run = Run(onec, "ab", needs={"a": "1"})
    nursery.start_soon(run)
    with trio.fail_after(5):
        await onec.wait_begun(2)
        onec.fail("a", OnecRejected("no"))
        await trio.testing.wait_all_tasks_blocked()
        onec.answer("b")
        await run.done.wait()

    assert run.outcomes["b"] == "B"


async def test_the_deadline_keeps_what_is_there_and_times_out_the_rest(
    autojump_clock: MockClock,
) -> None:
    gone = []

    async def slow() -> str:
        try:
            await trio.sleep(60)
        except trio.Cancelled:
            gone.append("slow")
            raise
        return "late"

    async def fast() -> str:
        await trio.sleep(1)
        return "in time"

    async def silent(done: int, total: int) -> None: ...

    parts = {"fast": Part(ask=fast), "slow": Part(ask=slow), "never begun": Part(ask=fast)}
    outcomes = await fan_out(parts, limit=1, timeout_ms=5_000, progress=silent)

    assert trio.current_time() == 5
    assert gone == ["slow"]
    assert outcomes["fast"] == "in time"
    for name in ("slow", "never begun"):
        late = outcomes[name]
        assert isinstance(late, OnecTimeout)
        assert "within 5000 ms" in late.message


async def test_a_caller_who_leaves_takes_every_call_along(nursery: trio.Nursery) -> None:
    onec = Onec()
    run = Run(onec, "abc", limit=2)
    nursery.start_soon(run)
    with trio.fail_after(5):
        await onec.wait_begun(2)
        run.scope.cancel()
        await run.done.wait()

    assert sorted(onec.gone) == sorted(onec.begun) == ["a", "b"]
    assert run.outcomes == {}


async def test_a_defect_in_a_part_leaves_alone_and_takes_the_others_along() -> None:
    onec = Onec()
    run = Run(onec, "abc", limit=2)

    async def play() -> None:
        await onec.wait_begun(2)
        onec.fail("a", KeyError("a defect of ours"))

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            with pytest.raises(KeyError, match="a defect of ours"):
                await run()

    assert onec.gone == ["b"]
    assert "c" not in onec.begun


async def test_progress_that_cannot_be_sent_ends_the_fan_out() -> None:
    onec = Onec()
    onec.answer("a")

    async def broken(done: int, total: int) -> None:
        raise BrokenPipeError

    parts = {name: Part(ask=onec.asks(name)) for name in "ab"}
    with trio.fail_after(5), pytest.raises(BrokenPipeError):
        await fan_out(parts, limit=2, timeout_ms=HOUR_MS, progress=broken)

    assert onec.gone == ["b"]
