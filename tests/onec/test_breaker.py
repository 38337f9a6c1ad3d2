import pytest
import trio
from trio.testing import MockClock

from onecgw.errors import OnecUnavailable
from onecgw.onec.breaker import Breaker


def _state(breaker: Breaker) -> str:
    return breaker.state.value


def _fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.unavailable(probe=breaker.enter())


async def test_it_opens_after_n_failures_in_a_row_and_says_when_to_come_back(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = Breaker(failures=3, pause_seconds=2.5)
    _fail(breaker, 2)
    assert _state(breaker) == "closed"
    _fail(breaker, 1)
    assert _state(breaker) == "open"
    with pytest.raises(OnecUnavailable) as refused:
        breaker.check()
    assert refused.value.retry_after_seconds == 3
    assert refused.value.message == (
        "1C did not answer the last 3 calls; the gateway waits before it asks again"
    )


async def test_an_answer_starts_the_count_anew() -> None:
    breaker = Breaker(failures=3, pause_seconds=1)
    _fail(breaker, 2)
    breaker.enter()
    breaker.answered()
    _fail(breaker, 2)
    assert _state(breaker) == "closed"


async def test_after_the_pause_one_call_probes_and_the_others_still_fail(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = Breaker(failures=1, pause_seconds=1)
    _fail(breaker, 1)
    await trio.sleep(1.1)
    assert breaker.enter() is True
    assert _state(breaker) == "probing"
    with pytest.raises(OnecUnavailable):
        breaker.enter()
    breaker.answered()
    assert _state(breaker) == "closed"
    assert breaker.enter() is False


async def test_probe_that_fails_opens_it_for_another_pause(autojump_clock: MockClock) -> None:
    del autojump_clock
    breaker = Breaker(failures=1, pause_seconds=1)
    _fail(breaker, 1)
    await trio.sleep(1.1)
    _fail(breaker, 1)
    assert _state(breaker) == "open"
    with pytest.raises(OnecUnavailable):
        breaker.check()


async def test_probe_that_is_cancelled_leaves_the_probing_to_the_next(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = Breaker(failures=1, pause_seconds=1)
    _fail(breaker, 1)
    await trio.sleep(1.1)
    breaker.undecided(probe=breaker.enter())
    assert _state(breaker) == "open"
    assert breaker.enter() is True


async def test_late_failures_of_earlier_calls_do_not_prolong_the_pause(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = Breaker(failures=1, pause_seconds=1)
    early = breaker.enter()
    _fail(breaker, 1)
    await trio.sleep(0.9)
    breaker.unavailable(probe=early)
    await trio.sleep(0.2)
    assert breaker.enter() is True
    breaker.unavailable(probe=early)
    assert _state(breaker) == "probing"


async def test_zero_failures_mean_that_it_never_opens() -> None:
    breaker = Breaker(failures=0, pause_seconds=1)
    _fail(breaker, 50)
    assert _state(breaker) == "closed"
