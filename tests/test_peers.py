"""What two processes count, they count together; here two objects stand for the processes."""

import pytest
from trio.testing import MockClock

from onecgw.errors import RateLimited
from onecgw.gateway.rate_limit import CallRate
from onecgw.mcp.handshake import LogLevels
from onecgw.peers import CALL_RATE, Peers
from onecgw.web.oauth.limits import WrongKeyLimit


def connected() -> tuple[Peers, Peers]:
    first, second = Peers(), Peers()
    first.connect(second.deliver)
    second.connect(first.deliver)
    return first, second


def allowed(rate: CallRate, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            rate.take("olena")
        except RateLimited:
            break
        count += 1
    return count


async def test_calls_are_limited_in_all_processes_together(autojump_clock: MockClock) -> None:
    first, second = (CallRate(10, peers=peers, topic=CALL_RATE) for peers in connected())

    assert [allowed(first, 4), allowed(second, 20), allowed(first, 20)] == [4, 6, 0]


async def test_wrong_keys_slow_down_every_process(autojump_clock: MockClock) -> None:
    first, second = (WrongKeyLimit(2, peers=peers) for peers in connected())
    first.count_wrong()
    second.count_wrong()

    began = autojump_clock.current_time()
    async with first.attempt():
        pass
    assert autojump_clock.current_time() > began


def test_a_log_level_is_that_of_the_session_everywhere() -> None:
    first, second = (LogLevels(peers) for peers in connected())
    first.set("s", "debug")

    assert second.get("s") == "debug"


@pytest.mark.parametrize("topic", [CALL_RATE, "unknown"])
def test_a_value_without_a_handler_is_dropped(topic: str) -> None:
    Peers().deliver(topic, "olena")
    Peers().publish(topic, "olena")
