import random

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from onecgw.backends.scheduling.limiter import Limiter, OnecBusy


async def _hold(queue: Limiter, sub: str, order: list[str], go_on: trio.Event) -> None:
    await queue.enter(sub)
    order.append(sub)
    try:
        await go_on.wait()
    finally:
        queue.leave(1)


async def test_callers_take_turns_however_many_calls_one_of_them_has() -> None:
    queue = Limiter(places=1, max_waiting=100)
    order: list[str] = []
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        for sub in ["anna"] * 6 + ["boris"] * 2 + ["vera"]:
            nursery.start_soon(_hold, queue, sub, order, done)
            await wait_all_tasks_blocked()
        done.set()
    assert "".join(sub[0] for sub in order) == "aabvabaaa"
    assert (queue.in_flight, queue.waiting) == (0, 0)


async def test_no_more_than_the_places_are_taken_and_the_queue_keeps_its_order(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    queue = Limiter(places=3, max_waiting=100)
    most = 0

    async def visit(sub: str) -> None:
        nonlocal most
        await queue.enter(sub)
        most = max(most, queue.in_flight)
        await trio.sleep(1)
        queue.leave(1)

    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(visit, str(number % 4))
    assert most == 3
    assert trio.current_time() == pytest.approx(10, abs=0.01)


async def test_line_longer_than_max_queue_is_refused_with_retry_after() -> None:
    queue = Limiter(places=1, max_waiting=1)
    order: list[str] = []
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        for sub in ("anna", "boris"):
            nursery.start_soon(_hold, queue, sub, order, done)
            await wait_all_tasks_blocked()
        with pytest.raises(OnecBusy) as refused:
            await queue.enter("vera")
        done.set()
    error = refused.value
    assert (error.code, error.http_status, error.retry_after_seconds) == (
        "onec_unavailable",
        503,
        1,
    )
    assert error.message == "1C is busy (waiting calls: 1)"


async def test_call_whose_turn_would_come_after_its_deadline_is_refused_at_once(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    queue = Limiter(places=1, max_waiting=100)
    for _ in range(30):  # 1C takes ten seconds for a call
        await queue.enter("anna")
        queue.leave(10)
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_hold, queue, "anna", [], done)
        await wait_all_tasks_blocked()
        with trio.fail_after(8), pytest.raises(OnecBusy) as refused:
            await queue.enter("boris")
        assert refused.value.retry_after_seconds == 10
        nursery.start_soon(_hold, queue, "boris", [], done)  # who has time enough waits
        await wait_all_tasks_blocked()
        assert queue.waiting == 1
        done.set()
    assert trio.current_time() == 0


async def _wait(queue: Limiter, sub: str, scope: trio.CancelScope) -> None:
    with scope:
        await queue.enter(sub)
        queue.leave(0)


async def test_waiter_that_is_cancelled_leaves_the_line() -> None:
    queue = Limiter(places=1, max_waiting=100)
    await queue.enter("anna")
    order: list[str] = []
    scope, done = trio.CancelScope(), trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_wait, queue, "boris", scope)
        await wait_all_tasks_blocked()
        scope.cancel()
        await wait_all_tasks_blocked()
        assert queue.waiting == 0
        nursery.start_soon(_hold, queue, "vera", order, done)
        await wait_all_tasks_blocked()
        queue.leave(1)
        done.set()
    assert order == ["vera"]
    assert queue.in_flight == 0


async def test_waiter_that_is_called_and_cancelled_at_once_passes_its_place_on() -> None:
    queue = Limiter(places=1, max_waiting=100)
    await queue.enter("anna")
    order: list[str] = []
    scope, done = trio.CancelScope(), trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_wait, queue, "boris", scope)
        await wait_all_tasks_blocked()
        nursery.start_soon(_hold, queue, "vera", order, done)
        await wait_all_tasks_blocked()
        queue.leave(1)
        scope.cancel()
        await wait_all_tasks_blocked()
        assert queue.waiting == 0
        done.set()
    assert order == ["vera"]
    assert queue.in_flight == 0


async def test_call_that_is_cancelled_already_does_not_fail_as_busy() -> None:
    queue = Limiter(places=1, max_waiting=0)
    await queue.enter("anna")
    with trio.move_on_after(0) as scope:
        await queue.enter("boris")
    assert scope.cancelled_caught


async def test_no_place_is_lost_when_callers_come_and_go_at_random(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    chance = random.Random(7)  # noqa: S311 - a reproducible mix
    queue = Limiter(places=4, max_waiting=1_000)

    async def visit(sub: str, patience: float, work: float) -> None:
        with trio.move_on_after(patience):
            try:
                await queue.enter(sub)
            except OnecBusy:
                return
            try:
                await trio.sleep(work)
            finally:
                queue.leave(work)
            assert queue.in_flight <= 4

    async with trio.open_nursery() as nursery:
        for _ in range(500):
            nursery.start_soon(
                visit, chance.choice("abcde"), chance.uniform(0, 20), chance.uniform(0, 1)
            )
            await trio.sleep(chance.uniform(0, 0.1))
    assert (queue.in_flight, queue.waiting) == (0, 0)
