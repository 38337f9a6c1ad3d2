from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from onecgw.backends.scheduling.answer_cache import AnswerCache, CachedAnswer
from onecgw.backends.scheduling.limiter import OnecBusy
from onecgw.errors import OnecError, OnecFailed, OnecTimeout, OnecUnavailable

Call = Callable[[], Awaitable[bytes]]


def _cache(
    *, ttl_seconds: float = 600, max_entries: int = 100, max_bytes: int = 1_000_000
) -> AnswerCache:
    return AnswerCache(ttl_seconds=ttl_seconds, max_entries=max_entries, max_bytes=max_bytes)


class _Onec:
    """Answers when the test allows it, and counts its calls."""

    def __init__(self, body: bytes = b"{}", *, error: OnecError | None = None) -> None:
        self.calls = 0
        self.finished = 0
        self.go_on = trio.Event()
        self._body = body
        self._error = error

    async def call(self) -> bytes:
        self.calls += 1
        await self.go_on.wait()
        self.finished += 1
        if self._error is not None:
            raise self._error
        return self._body


async def _say(body: bytes) -> bytes:
    await trio.lowlevel.checkpoint()
    return body


async def test_answer_is_kept_until_its_time_is_up(autojump_clock: MockClock) -> None:
    del autojump_clock
    cache = _cache(ttl_seconds=10)
    assert await cache.fetch("k", lambda: _say(b"1")) == CachedAnswer(body=b"1", hit=False)
    await trio.sleep(9.9)
    assert await cache.fetch("k", lambda: _say(b"2")) == CachedAnswer(body=b"1", hit=True)
    await trio.sleep(0.2)
    assert await cache.fetch("k", lambda: _say(b"3")) == CachedAnswer(body=b"3", hit=False)


async def test_waiter_takes_what_a_quick_leader_kept_before_it_woke() -> None:
    cache = _cache()
    leading = trio.Event()

    async def run_out_of_time() -> bytes:
        leading.set()
        await wait_all_tasks_blocked()
        raise OnecTimeout("late")

    async def answer_at_once() -> bytes:
        return b"1"

    async def lead_twice() -> None:
        with pytest.raises(OnecTimeout):
            await cache.fetch("k", run_out_of_time)
        assert await cache.fetch("k", answer_at_once) == CachedAnswer(body=b"1", hit=False)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lead_twice)
            await leading.wait()
            assert await cache.fetch("k", lambda: _say(b"2")) == CachedAnswer(body=b"1", hit=True)


async def test_keys_do_not_share_answers() -> None:
    cache = _cache()
    await cache.fetch(("ромашка", 10), lambda: _say(b"1"))
    assert (await cache.fetch(("ромашка", 11), lambda: _say(b"2"))).body == b"2"


async def test_least_recently_used_goes_first() -> None:
    cache = _cache(max_entries=2)
    for key in ("a", "b", "a", "c"):
        await cache.fetch(key, lambda: _say(b"{}"))
    hits = [(await cache.fetch(key, lambda: _say(b"{}"))).hit for key in ("a", "c", "b")]
    assert hits == [True, True, False]


async def test_bytes_are_bounded_and_what_is_too_large_is_not_kept() -> None:
    cache = _cache(max_bytes=3_000)
    for key in ("a", "b", "c"):
        await cache.fetch(key, lambda: _say(bytes(900)))
    await cache.fetch("huge", lambda: _say(bytes(3_000)))
    hits = [(await cache.fetch(key, lambda: _say(b""))).hit for key in ("c", "b", "huge", "a")]
    assert hits == [True, True, False, False]


async def test_identical_calls_in_flight_share_one() -> None:
    cache = _cache(ttl_seconds=0)
    onec = _Onec(b'{"a":1}')
    got: list[CachedAnswer] = []

    async def ask() -> None:
        got.append(await cache.fetch("k", onec.call))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        onec.go_on.set()
    assert onec.calls == 1
    assert sorted(answer.hit for answer in got) == [False, True, True, True, True]
    assert {answer.body for answer in got} == {b'{"a":1}'}
    assert not (await cache.fetch("k", onec.call)).hit  # ttl 0 keeps nothing


async def test_error_is_shared_in_flight_but_never_kept() -> None:
    cache = _cache()
    onec = _Onec(error=OnecFailed("Division by 0"))
    failed: list[OnecError] = []

    async def ask() -> None:
        try:
            await cache.fetch("k", onec.call)
        except OnecError as error:
            failed.append(error)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        onec.go_on.set()
    assert onec.calls == 1
    assert [(type(error), error.message) for error in failed] == [(OnecFailed, "Division by 0")] * 3
    assert len({id(error) for error in failed}) == 3
    assert (await cache.fetch("k", lambda: _say(b"{}"))).hit is False


async def test_cancelled_leader_is_replaced_and_no_waiter_fails() -> None:
    cache = _cache()
    onec = _Onec(b"1")
    got: list[CachedAnswer] = []
    leader = trio.CancelScope()

    async def lead() -> None:
        with leader:
            await cache.fetch("k", onec.call)

    async def wait() -> None:
        got.append(await cache.fetch("k", onec.call))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lead)
        await wait_all_tasks_blocked()
        for _ in range(3):
            nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        leader.cancel()
        await wait_all_tasks_blocked()
        assert onec.calls == 2
        onec.go_on.set()
    assert (onec.calls, onec.finished) == (2, 1)
    assert [answer.body for answer in got] == [b"1"] * 3


async def test_cancelled_waiter_harms_neither_the_leader_nor_the_others() -> None:
    cache = _cache()
    onec = _Onec(b"1")
    got: list[CachedAnswer] = []
    waiter = trio.CancelScope()

    async def ask(scope: trio.CancelScope) -> None:
        with scope:
            got.append(await cache.fetch("k", onec.call))

    async with trio.open_nursery() as nursery:
        for scope in (trio.CancelScope(), waiter, trio.CancelScope()):
            nursery.start_soon(ask, scope)
            await wait_all_tasks_blocked()
        waiter.cancel()
        await wait_all_tasks_blocked()
        onec.go_on.set()
    assert onec.calls == 1
    assert sorted(answer.hit for answer in got) == [False, True]


@pytest.mark.parametrize("own_fate", [OnecTimeout("late"), OnecBusy("busy")])
async def test_a_failure_of_the_leader_alone_is_not_shared(own_fate: OnecError) -> None:
    cache = _cache()
    slow = _Onec(error=own_fate)
    failed: list[OnecError] = []
    got: list[CachedAnswer] = []

    async def lead() -> None:
        try:
            await cache.fetch("k", slow.call)
        except OnecError as error:
            failed.append(error)

    async def wait() -> None:
        got.append(await cache.fetch("k", lambda: _say(b"2")))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lead)
        await wait_all_tasks_blocked()
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        slow.go_on.set()
    assert failed == [own_fate]
    assert got == [CachedAnswer(body=b"2", hit=False)]


async def test_shared_error_keeps_its_retry_after() -> None:
    cache = _cache()
    onec = _Onec(error=OnecUnavailable("gone", retry_after_seconds=7))
    seconds: list[int | None] = []

    async def ask() -> None:
        with pytest.raises(OnecUnavailable) as failed:
            await cache.fetch("k", onec.call)
        seconds.append(failed.value.retry_after_seconds)

    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        onec.go_on.set()
    assert seconds == [7, 7]


async def test_a_bug_in_the_call_leaves_no_flight_behind() -> None:
    cache = _cache()

    async def crash() -> bytes:
        await trio.lowlevel.checkpoint()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cache.fetch("k", crash)
    with trio.fail_after(1):
        assert (await cache.fetch("k", lambda: _say(b"1"))).body == b"1"
