"""A cycle is many calls side by side: they must not refuse each other when 1C comes back."""

import json

import httpx
import pytest
import trio
from trio.testing import MockClock

from onecgw.errors import OnecUnavailable
from onecgw.settings import OnecSettings
from tests.builders.constant_books import answer_of
from tests.builders.gateway_rig import open_rig

CYCLE = b'{"period":{"from":"2025-01-01","to":"2025-06-30"}}'
BREAKER = OnecSettings(base_url="http://1c.test/hs", breaker_failures=3, breaker_pause_ms=3000)


async def test_a_cycle_after_the_pause_of_an_open_breaker_is_whole(
    autojump_clock: MockClock,
) -> None:
    is_down = True

    async def onec(request: httpx.Request) -> httpx.Response:
        await trio.sleep(0.05)
        if is_down:
            raise httpx.ConnectError("refused", request=request)
        return answer_of(request)

    async with open_rig(onec, onec=BREAKER) as rig:
        for _ in range(3):
            with pytest.raises(OnecUnavailable):
                await rig.call("cash_balance", b"{}")
        is_down = False
        await trio.sleep(3)
        answer = json.loads(await rig.call("cash_conversion_cycle", CYCLE))

    assert answer["missing"] in ([], {})
    assert answer["summary"]["ccc"] is not None
