"""Token buckets: how deep, how fast they fill, and how many are remembered."""

import pytest
from trio.testing import MockClock

from onecgw.errors import RateLimited
from onecgw.gateway.rate_limit import MAX_CALLERS, CallRate


def taken(rate: CallRate, who: str, times: int) -> int:
    """How many of so many calls were allowed."""
    allowed = 0
    for _ in range(times):
        try:
            rate.take(who)
        except RateLimited:
            continue
        allowed += 1
    return allowed


async def test_a_bucket_holds_one_minute_and_fills_at_its_rate(
    mock_clock: MockClock,
) -> None:
    for refill, later in ((1.0, 10), (0.5, 5)):
        rate = CallRate(10, refill=refill)
        assert taken(rate, "a", 15) == 10
        assert taken(rate, "b", 1) == 1
        mock_clock.jump(60)
        assert taken(rate, "a", 15) == later


async def test_the_answer_says_when_the_next_call_is_allowed(mock_clock: MockClock) -> None:
    rate = CallRate(2)
    taken(rate, "a", 2)
    with pytest.raises(RateLimited) as caught:
        rate.take("a")
    seconds = caught.value.retry_after_seconds
    assert seconds is not None
    mock_clock.jump(seconds)
    rate.take("a")


async def test_0_is_no_limit() -> None:
    assert taken(CallRate(0), "a", 1000) == 1000


@pytest.mark.usefixtures("mock_clock")
async def test_the_caller_of_the_oldest_call_is_forgotten_first() -> None:
    rate = CallRate(1)
    for number in range(MAX_CALLERS):
        rate.take(str(number))
    assert taken(rate, "0", 1) == 0  # remembered, and now the latest
    rate.take("another")
    assert taken(rate, "1", 1) == 1  # forgotten for it
    assert taken(rate, "0", 1) == 0
    assert len(rate._buckets) == MAX_CALLERS  # noqa: SLF001 - what is remembered is bounded
