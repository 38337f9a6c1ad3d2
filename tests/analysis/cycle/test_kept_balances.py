"""Which balances the cycle keeps, for whom, and for how long."""

import json

import httpx
import trio
from trio.testing import MockClock

from onecgw.auth.caller import ALL_SCOPES, RESOLVE
from tests.builders.constant_books import (
    APRIL,
    QUESTION,
    answer_of,
    ask,
    ok,
    onec_settings,
    report_of,
)
from tests.builders.gateway_rig import open_rig


async def test_balances_of_past_days_are_kept_and_flows_are_requested_again(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(answer_of, onec=onec_settings(balance_cache_ttl_sec=3600)) as rig:
        first = await ask(rig)
        again = await ask(rig)
        await trio.sleep(3601)
        await ask(rig)

    assert first == again
    assert [record.onec_calls for record in rig.audit] == [18, 3, 18]


async def test_kept_balances_are_shared_by_callers_of_the_same_scopes_only() -> None:
    async with open_rig(answer_of) as rig:
        await ask(rig)
        await ask(rig, firm_ids=["f1"])
        body = json.dumps(QUESTION).encode()
        four = frozenset(ALL_SCOPES) - {RESOLVE}
        await rig.call("cash_conversion_cycle", body, scopes=four)

    assert [record.onec_calls for record in rig.audit] == [18, 18, 18]


async def test_balances_of_days_that_may_still_change_are_never_kept() -> None:
    future = {"from": "2099-01-01", "to": "2099-01-31"}
    async with open_rig(answer_of) as rig:
        answer = await ask(rig, period=future, compare="none")
        await ask(rig, period=future, compare="none")
        await ask(rig, period=APRIL, compare="none")

    assert [record.onec_calls for record in rig.audit] == [9, 9, 9]
    assert any("in the future" in warning for warning in answer["warnings"])


async def test_a_cache_of_no_seconds_is_off() -> None:
    async with open_rig(answer_of, onec=onec_settings(balance_cache_ttl_sec=0)) as rig:
        await ask(rig)
        await ask(rig)

    assert [record.onec_calls for record in rig.audit] == [18, 18]


async def test_an_answer_that_cannot_be_read_is_not_kept() -> None:
    broken = True

    def at_first_without_totals(request: httpx.Request) -> httpx.Response:
        if broken and report_of(request) == "stock":
            return ok('{"columns":[],"rows":[],"totals":{}}')
        return answer_of(request)

    async with open_rig(at_first_without_totals) as rig:
        first = await ask(rig, compare="none")
        broken = False
        again = await ask(rig, compare="none")

    assert [one["component"] for one in first["missing"]] == ["dio"]
    assert again["missing"] == []
