"""Which calls the cycle makes of 1C: how many, under whom, side by side, and until when."""

import json
from decimal import Decimal
from math import ceil
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY, RESOLVE, SALES, STOCK
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.tools import ALL
from onecgw.errors import (
    OnecgwError,
    OnecTimeout,
    ScopeMissing,
)
from tests.builders.constant_books import (
    QUESTION,
    REPORT_TIMEOUT_MS,
    YEAR,
    answer_of,
    ask,
    body_of,
    onec_settings,
    report_of,
    reports,
)
from tests.builders.gateway_rig import open_rig

WHOLE_LIST = 100_000  # rows: as many as an analysis reads


async def test_only_what_is_needed_is_requested_from_1c() -> None:
    async with open_rig(answer_of) as rig:
        await ask(rig, firm_ids=["f1"])

    assert len(rig.onec.requests) == 3 * 3 + 3 + 6
    needed = [one for one in rig.onec.requests if body_of(one)["top"] < WHOLE_LIST]
    lists = [body_of(one) for one in rig.onec.requests if body_of(one)["top"] >= WHOLE_LIST]
    *needed, last = needed
    assert sorted((one["date"], *one["group_by"], *one["measures"]) for one in lists) == [
        (day, *part)
        for day in ("2025-03-31", "2025-04-30")
        for part in (
            ("customer", "receivable"),
            ("product_group", "amount"),
            ("supplier", "payable"),
        )
    ]
    assert all(one["filters"] == {"firm_ids": ["f1"]} for one in lists)
    by_report = {report_of(request): body_of(request) for request in needed}
    firms = {"filters": {"firm_ids": ["f1"]}}
    both = {"period": {"from": "2025-03-01", "to": "2025-04-30"}, **firms, "top": 2}
    eve = {"date": "2025-02-28", **firms, "top": 1}
    assert by_report == {
        "sales": {**both, "group_by": ["month"], "measures": ["amount", "cost"]},
        "purchases": {**both, "group_by": ["month"], "measures": ["amount"]},
        "stock": {**eve, "group_by": ["warehouse"], "measures": ["amount"]},
        "receivables": {**eve, "group_by": ["customer"], "measures": ["receivable", "advance"]},
        "payables": {**eve, "group_by": ["supplier"], "measures": ["payable", "advance"]},
    }
    newest_first = {"group_by": ["day"], "sort": [{"field": "day", "dir": "desc"}], "top": 1}
    assert body_of(last) == {**both, **newest_first, "measures": ["amount"]}


@pytest.mark.parametrize(
    ("arguments", "calls"),
    [
        ({}, 3 * 3 + 3 + 6),
        ({"compare": "none"}, 3 * 2 + 3),
        ({"compare": "previous_year"}, 3 * 4 + 5 + 6),
        ({"compare": "none", "balance_basis": "closing"}, 3 + 3),
        ({"compare": "none", "dpo_base": "cogs"}, 3 * 2 + 3),
        ({"period": YEAR}, 84),
        ({"period": YEAR, "balance_basis": "closing", "breakdown": "none"}, 3 * 2 + 3 + 6),
        ({"period": YEAR, "balance_basis": "closing"}, 3 * 13 + 3 + 6),
    ],
)
async def test_the_number_of_calls_is_that_of_the_balances_and_the_flows(
    arguments: dict[str, Any], calls: int
) -> None:
    async with open_rig(answer_of) as rig:
        await ask(rig, **arguments)

    assert len(rig.onec.requests) == calls
    assert [record.onec_calls for record in rig.audit] == [calls]


async def test_every_call_runs_under_the_caller_and_the_whole_is_one_line_of_the_audit() -> None:
    async with open_rig(answer_of) as rig:
        await ask(rig)

    for request in rig.onec.requests:
        assert request.headers["x-mcp-sub"] == "tester"
        assert request.headers["x-mcp-scopes"] == ",".join(ALL_SCOPES)
        assert request.headers["x-request-id"] == "r-1"
    [record] = rig.audit
    assert (record.tool, record.code, record.rows) == ("cash_conversion_cycle", "ok", None)
    assert record.onec_calls == 18


@pytest.mark.parametrize("lacking", [SALES, STOCK, MONEY, COST])
async def test_all_four_scopes_are_needed(lacking: str) -> None:
    async with open_rig(answer_of) as rig:
        with pytest.raises(ScopeMissing, match=lacking):
            await rig.call(
                "cash_conversion_cycle",
                json.dumps(QUESTION).encode(),
                scopes=frozenset(ALL_SCOPES) - {lacking},
                surface="rest",
            )
        four = frozenset(ALL_SCOPES) - {RESOLVE}
        listed = {tool.name for tool in rig.gateway.catalogue.visible(four)}
        hidden = {tool.name for tool in rig.gateway.catalogue.visible(four - {lacking})}

    assert rig.onec.requests == []
    assert "cash_conversion_cycle" in listed
    assert "cash_conversion_cycle" not in hidden


async def test_what_the_deadline_cuts_off_is_missing(autojump_clock: MockClock) -> None:
    async def slow_purchases(request: httpx.Request) -> httpx.Response:
        if report_of(request) == "purchases":
            await trio.sleep_forever()
        return answer_of(request)

    async with open_rig(slow_purchases, onec=onec_settings()) as rig:
        answer = await ask(rig, compare="none")

    assert trio.current_time() == REPORT_TIMEOUT_MS / 1000
    [missing] = answer["missing"]
    assert missing["component"] == "dpo"
    assert missing["reason"].startswith(
        f"onec_timeout: 1C did not answer within {REPORT_TIMEOUT_MS}"
    )
    assert answer["summary"]["dso"] == Decimal("15.0")
    assert [record.code for record in rig.audit] == ["ok"]


async def test_a_1c_that_never_answers_is_a_timeout_of_the_whole(
    autojump_clock: MockClock,
) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await trio.sleep_forever()
        raise AssertionError

    async with open_rig(never, onec=onec_settings(max_concurrency=2)) as rig:
        with pytest.raises(OnecTimeout, match="within 45000 ms"):
            await ask(rig, period=YEAR)

    assert [(one.code, one.duration_ms, one.onec_calls) for one in rig.audit] == [
        ("onec_timeout", REPORT_TIMEOUT_MS, 2)
    ]


async def test_a_caller_who_leaves_ends_every_call() -> None:
    reached = trio.Event()
    gone: list[str] = []

    async def hang(request: httpx.Request) -> httpx.Response:
        if len(rig.onec.requests) == 8:
            reached.set()
        try:
            await trio.sleep_forever()
        finally:
            gone.append(report_of(request))
        raise AssertionError

    with trio.fail_after(5):
        async with open_rig(hang) as rig, trio.open_nursery() as nursery:
            nursery.start_soon(ask, rig)
            await reached.wait()
            nursery.cancel_scope.cancel()

    assert len(gone) == 8
    assert [(record.code, record.onec_calls) for record in rig.audit] == [("cancelled", 8)]


@pytest.mark.parametrize(
    ("max_concurrency", "waves"), [(1, 84), (8, ceil(84 / 8)), (64, 2), (84, 1)]
)
async def test_84_calls_of_300_ms_take_as_long_as_their_waves(
    max_concurrency: int, waves: int, autojump_clock: MockClock
) -> None:
    in_flight = most = 0

    async def after_300_ms(request: httpx.Request) -> httpx.Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await trio.sleep(0.3)
        in_flight -= 1
        return answer_of(request)

    settings = onec_settings(max_concurrency=max_concurrency)
    async with open_rig(after_300_ms, onec=settings) as rig:
        answer = await ask(rig, period=YEAR)

    assert answer["missing"] == []
    assert rig.audit[0].onec_calls == 84
    assert most == max_concurrency
    ideal_ms = waves * 300
    assert ideal_ms <= rig.audit[0].duration_ms < 1.15 * ideal_ms


async def test_progress_is_reported_per_finished_call() -> None:
    reported: list[tuple[int, int]] = []

    async def progress(done: int, total: int) -> None:
        reported.append((done, total))

    async with open_rig(answer_of) as rig:
        await rig.call("cash_conversion_cycle", json.dumps(QUESTION).encode(), progress=progress)

    assert sorted(reported) == [(number, 18) for number in range(1, 19)]


async def test_a_defect_of_ours_is_itself_and_in_the_audit() -> None:
    async def broken(done: int, total: int) -> None:
        raise ZeroDivisionError

    async with open_rig(answer_of) as rig:
        with pytest.raises(ZeroDivisionError):
            await rig.call("cash_conversion_cycle", json.dumps(QUESTION).encode(), progress=broken)

    assert rig.audit[0].code == "internal"


def test_the_scopes_cover_those_of_every_report_that_is_requested() -> None:
    for tool in ALL:
        for one in tool.tools if isinstance(tool, CompositeTool) else ():
            assert one.scopes <= tool.scopes


async def test_a_base_without_one_of_the_reports_does_not_have_the_cycle() -> None:
    async with open_rig(answer_of) as rig:
        rig.gateway.catalogue.capabilities = Capabilities(
            unavailable_tools=frozenset({"stock_balance"})
        )
        with pytest.raises(OnecgwError, match="does not support cash_conversion_cycle"):
            await ask(rig)


async def test_a_measure_that_the_base_lacks_is_not_requested() -> None:
    async with open_rig(answer_of) as rig:
        rig.gateway.catalogue.capabilities = Capabilities(
            unsupported={"stock_balance": {"measures": frozenset({"amount"})}}
        )
        answer = await ask(rig, compare="none")

    assert [one["component"] for one in answer["missing"]] == ["dio"]
    assert "stock" not in reports(rig)
