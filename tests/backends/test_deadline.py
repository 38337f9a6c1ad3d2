import pytest
import trio

from onecgw.backends.scheduling.deadline import NARROW_SEARCH, deadline
from onecgw.errors import OnecTimeout


async def test_late_call_ends_as_onec_timeout(autojump_clock: trio.testing.MockClock) -> None:
    del autojump_clock
    with pytest.raises(OnecTimeout) as failed, deadline(1_500, advice=NARROW_SEARCH):
        await trio.sleep(60)
    assert failed.value.message == (
        "1C did not answer within 1500 ms; try again, or give more of the name"
    )
    assert trio.current_time() == pytest.approx(1.5, abs=0.01)


async def test_outer_deadline_stays_the_outer_ones(autojump_clock: trio.testing.MockClock) -> None:
    del autojump_clock
    with trio.move_on_after(1) as outer, deadline(5_000):
        await trio.sleep(60)
    assert outer.cancelled_caught


async def test_call_in_time_passes_its_value(autojump_clock: trio.testing.MockClock) -> None:
    del autojump_clock
    with deadline(1_000):
        await trio.sleep(0.5)
        value = 42
    assert value == 42
