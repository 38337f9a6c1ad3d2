import pytest
import trio
from trio.testing import MockClock

from onecgw.backends.scheduling.breaker import Breaker
from onecgw.errors import OnecUnavailable


def _state(breaker: Breaker) -> str:
    return breaker.state.value


def _fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.unavailable(breaker.enter())


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
    assert breaker.enter().is_probe
    assert _state(breaker) == "probing"
    with pytest.raises(OnecUnavailable):
        breaker.enter()
    breaker.answered()
    assert _state(breaker) == "closed"
    assert not breaker.enter().is_probe


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
    breaker.undecided(breaker.enter())
    assert _state(breaker) == "open"
    assert breaker.enter().is_probe


async def test_late_failures_of_earlier_calls_do_not_prolong_the_pause(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = Breaker(failures=1, pause_seconds=1)
    early = breaker.enter()
    _fail(breaker, 1)
    await trio.sleep(0.9)
    breaker.unavailable(early)
    await trio.sleep(0.2)
    assert breaker.enter().is_probe
    breaker.unavailable(early)
    assert _state(breaker) == "probing"


async def test_there_is_one_probe_at_a_time_however_the_last_one_ends(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = Breaker(failures=1, pause_seconds=1)
    _fail(breaker, 1)
    await trio.sleep(1.1)
    stale = breaker.enter()
    breaker.answered()  # a call from before it opened
    _fail(breaker, 1)
    await trio.sleep(1.1)
    assert breaker.enter().is_probe
    breaker.undecided(stale)
    breaker.unavailable(stale)
    assert _state(breaker) == "probing"
    with pytest.raises(OnecUnavailable):
        breaker.enter()


async def test_failure_of_a_call_from_before_the_last_answer_does_not_open_it() -> None:
    breaker = Breaker(failures=1, pause_seconds=1)
    early = breaker.enter()
    _fail(breaker, 1)
    breaker.answered()
    breaker.unavailable(early)
    assert _state(breaker) == "closed"


async def test_zero_failures_mean_that_it_never_opens() -> None:
    breaker = Breaker(failures=0, pause_seconds=1)
    _fail(breaker, 50)
    assert _state(breaker) == "closed"


@pytest.mark.parametrize("ending", ["answered", "unavailable", "undecided", "never"])
async def test_calls_side_by_side_wait_for_the_verdict_of_the_probe(
    ending: str, autojump_clock: MockClock
) -> None:
    breaker = Breaker(failures=1, pause_seconds=3)
    _fail(breaker, 1)
    await trio.sleep(3)
    probe = breaker.enter()
    outcomes: list[str] = []

    async def come_later() -> None:
        await breaker.wait_for_probe()
        try:
            outcomes.append("probe" if breaker.enter().is_probe else "passed")
        except OnecUnavailable:
            outcomes.append("failed")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(come_later)
        await trio.sleep(1)
        assert outcomes == []
        if ending == "answered":
            breaker.answered()
        elif ending == "unavailable":
            breaker.unavailable(probe)
        elif ending == "undecided":
            breaker.undecided(probe)

    expected = {"answered": "passed", "undecided": "probe"}
    assert outcomes == [expected.get(ending, "failed")]
