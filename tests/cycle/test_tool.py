"""cash_conversion_cycle as its callers see it, in front of a scripted 1C."""

import json
from collections.abc import Mapping
from decimal import Decimal
from math import ceil
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from onecgw.caller import ALL_SCOPES, COST, MONEY, RESOLVE, SALES, STOCK
from onecgw.contract import Capabilities
from onecgw.errors import (
    NotFound,
    OnecBadResponse,
    OnecMaintenance,
    OnecTimeout,
    ScopeMissing,
    ValidationFailed,
)
from onecgw.settings import OnecSettings
from onecgw.tools import ALL
from tests.cycle.scripted import answer_of, asked_of, ok, report_of
from tests.harness import Answering, Rig, open_rig

APRIL = {"from": "2025-04-01", "to": "2025-04-30"}
YEAR = {"from": "2025-01-01", "to": "2025-12-31"}
REPORT_TIMEOUT_MS = 45_000


def onec_settings(**changes: Any) -> OnecSettings:
    settings: dict[str, Any] = {
        "base_url": "http://1c.test/hs",
        "report_timeout_ms": REPORT_TIMEOUT_MS,
    }
    return OnecSettings(**(settings | changes))


async def ask(rig: Rig, **arguments: Any) -> Any:
    body = await rig.call(
        "cash_conversion_cycle", json.dumps({"period": APRIL, **arguments}).encode()
    )
    return json.loads(body, parse_float=Decimal)


def rejects(request: httpx.Request) -> httpx.Response:
    body = b'{"error":"bad_request","message":"no such report here"}'
    return httpx.Response(400, stream=httpx.ByteStream(body))


def without(*reports: str) -> Answering:
    """A 1C that refuses some reports."""
    return lambda request: (rejects if report_of(request) in reports else answer_of)(request)


def reports(rig: Rig) -> list[str]:
    return [report_of(request) for request in rig.onec.requests]


async def test_the_worked_example_of_the_docs() -> None:
    async with open_rig(answer_of) as rig:
        answer = await ask(rig)

    # April has 30 days: 600/600×30, 450/900×30, 240/720×30; advances 30/900×30, 12/720×30.
    tens = {
        "dio": Decimal("30.0"),
        "dso": Decimal("15.0"),
        "dpo": Decimal("10.0"),
        "ccc": Decimal("35.0"),
        "advance_days_received": Decimal("1.0"),
        "advance_days_paid": Decimal("0.5"),
        "ccc_net": Decimal("34.5"),
    }
    # March has 31 days, and the same books.
    march = {
        "dio": Decimal("31.0"),
        "dso": Decimal("15.5"),
        "dpo": Decimal("10.3"),
        "ccc": Decimal("36.2"),
        "advance_days_received": Decimal("1.0"),
        "advance_days_paid": Decimal("0.5"),
        "ccc_net": Decimal("35.7"),
    }
    change = {
        "dio": Decimal("-1.0"),
        "dso": Decimal("-0.5"),
        "dpo": Decimal("-0.3"),
        "ccc": Decimal("-1.2"),
        "advance_days_received": Decimal("0.0"),
        "advance_days_paid": Decimal("0.0"),
        "ccc_net": Decimal("-1.2"),
    }
    assert answer["headline"] == (
        "From 2025-04-01 to 2025-04-30 money was tied up for 35.0 days: DIO 30.0 + DSO 15.0 − "
        "DPO 10.0. That is 1.2 days less than from 2025-03-01 to 2025-03-31. The driver is DIO: "
        "−1.0 days, of which its balance makes +0.0 and its flow −1.0."
    )
    assert answer["summary"] == {
        **tens,
        "previous": march,
        "change": change,
        "driver": "dio",
        "driver_effect": "flow",
    }
    assert answer["months"] == [
        {
            "month": "2025-04",
            **APRIL,
            "days": 30,
            **tens,
            "stock": Decimal("600.00"),
            "receivable": Decimal("450.00"),
            "payable": Decimal("240.00"),
            "advance_received": Decimal("30.00"),
            "advance_paid": Decimal("12.00"),
            "cost": Decimal("600.00"),
            "sales": Decimal("900.00"),
            "purchases": Decimal("720.00"),
        }
    ]
    assert answer["bridge"][0] == {
        "component": "dio",
        "balance_effect": Decimal("0.0"),
        "flow_effect": Decimal("-1.0"),
        "change": Decimal("-1.0"),
        "contribution": Decimal("-1.0"),
    }
    # One day less of 20 a day in stock; half a day of 30; a third of a day of 24 in debts of ours.
    assert answer["cash_effect"] == {
        "dio": Decimal("-20.00"),
        "dso": Decimal("-15.00"),
        "dpo": Decimal("8.00"),
        "total": Decimal("-27.00"),
    }
    assert answer["basis"]["dpo"] == {
        "formula": "average payables / purchases incl. VAT × days",
        "days": 30,
        "numerator": Decimal("240.00"),
        "denominator": Decimal("720.00"),
        "previous": {
            "days": 31,
            "numerator": Decimal("240.00"),
            "denominator": Decimal("720.00"),
        },
    }
    assert [one["date"] for one in answer["basis"]["balances"]] == [
        "2025-02-28",
        "2025-03-31",
        "2025-04-30",
    ]
    assert (answer["missing"], answer["warnings"]) == ([], [])


async def test_only_what_is_needed_is_asked_of_1c() -> None:
    async with open_rig(answer_of) as rig:
        await ask(rig, firm_ids=["f1"])

    assert len(rig.onec.requests) == 3 * 3 + 2
    by_report = {report_of(request): asked_of(request) for request in rig.onec.requests}
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


@pytest.mark.parametrize(
    ("arguments", "calls"),
    [
        ({}, 3 * 3 + 2),
        ({"compare": "none"}, 3 * 2 + 2),
        ({"compare": "previous_year"}, 3 * 4 + 4),
        ({"compare": "none", "balance_basis": "closing"}, 3 + 2),
        ({"compare": "none", "dpo_base": "cogs"}, 3 * 2 + 1),
        ({"period": YEAR}, 77),
        ({"period": YEAR, "balance_basis": "closing", "breakdown": "none"}, 3 * 2 + 2),
        ({"period": YEAR, "balance_basis": "closing"}, 3 * 13 + 2),
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
    assert record.onec_calls == 11


async def test_money_is_told_digit_for_digit() -> None:
    digits = "12345678901234567890123456789012345.67"
    async with open_rig(lambda request: answer_of(request, stock={"amount": digits})) as rig:
        answer = await ask(rig, compare="none")

    assert answer["months"][0]["stock"] == Decimal(digits)
    assert answer["basis"]["balances"][0]["stock"] == Decimal(digits)


@pytest.mark.parametrize("lacking", [SALES, STOCK, MONEY, COST])
async def test_all_four_scopes_are_needed(lacking: str) -> None:
    async with open_rig(answer_of) as rig:
        with pytest.raises(ScopeMissing, match=lacking):
            await rig.call(
                "cash_conversion_cycle",
                json.dumps({"period": APRIL}).encode(),
                scopes=frozenset(ALL_SCOPES) - {lacking},
                surface="rest",
            )
        four = frozenset(ALL_SCOPES) - {RESOLVE}
        listed = {tool.name for tool in rig.gateway.catalogue.visible(four)}
        hidden = {tool.name for tool in rig.gateway.catalogue.visible(four - {lacking})}

    assert rig.onec.requests == []
    assert "cash_conversion_cycle" in listed
    assert "cash_conversion_cycle" not in hidden


async def test_a_component_that_1c_refuses_is_missing_and_the_others_are_told() -> None:
    async with open_rig(without("payables")) as rig:
        answer = await ask(rig)

    reason = "onec_rejected: no such report here"
    assert answer["missing"] == [
        {"component": "dpo", "period": "current", "reason": reason},
        {"component": "dpo", "period": "previous", "reason": reason},
    ]
    summary = answer["summary"]
    assert (summary["dio"], summary["dso"]) == (Decimal("30.0"), Decimal("15.0"))
    assert summary["dpo"] is summary["ccc"] is summary["ccc_net"] is summary["driver"] is None
    assert summary["change"]["dio"] == Decimal("-1.0")
    assert answer["months"][0]["payable"] is None
    assert [step["component"] for step in answer["bridge"]] == ["dio", "dso"]
    assert answer["cash_effect"]["total"] is None
    assert answer["headline"] == (
        "The cash conversion cycle from 2025-04-01 to 2025-04-30 is not known, for want of DPO; "
        "DIO is 30.0 days; DSO is 15.0 days."
    )
    # The balance of the shared day fails both spans: nothing else of this component is asked.
    assert reports(rig).count("payables") < 3


async def test_a_span_that_fails_leaves_the_other_one_told_even_where_they_overlap() -> None:
    def refuse_the_first_year(request: httpx.Request) -> httpx.Response:
        asked = asked_of(request)
        if report_of(request) == "sales" and asked["period"]["from"] == "2022-01-01":
            return rejects(request)
        return answer_of(request)

    two_years = {"from": "2023-01-01", "to": "2024-12-31"}
    async with open_rig(refuse_the_first_year) as rig:
        answer = await ask(rig, period=two_years, compare="previous_year")

    assert [(one["component"], one["period"]) for one in answer["missing"]] == [
        ("dio", "previous"),
        ("dso", "previous"),
    ]
    # 24 months of 600 each: 600 / (24 × 600) × 731 days.
    assert answer["summary"]["dio"] == Decimal("30.5")
    assert answer["summary"]["previous"]["dpo"] == Decimal("10.1")
    assert answer["summary"]["change"]["ccc"] is answer["summary"]["driver"] is None
    assert answer["headline"].endswith(" What it was from 2022-01-01 to 2023-12-31 is not known.")


async def test_sales_are_needed_by_two_components() -> None:
    async with open_rig(without("sales"), onec=onec_settings(max_concurrency=1)) as rig:
        answer = await ask(rig)

    assert {one["component"] for one in answer["missing"]} == {"dio", "dso"}
    assert answer["summary"]["dpo"] == Decimal("10.0")
    assert sorted(set(reports(rig))) == ["payables", "purchases", "sales"]


async def test_a_1c_that_tells_nothing_is_an_error_and_not_an_empty_answer() -> None:
    blocked = (
        '﻿{"#exception":{},"exception":{"descr":"Начало сеанса с информационной базой запрещено"}}'
    )

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, stream=httpx.ByteStream(blocked.encode()))

    async with open_rig(refuse) as rig:
        with pytest.raises(OnecMaintenance):
            await ask(rig)

    assert rig.audit[0].code == "onec_maintenance"


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
    ("max_concurrency", "waves"), [(1, 77), (8, ceil(77 / 8)), (64, 2), (77, 1)]
)
async def test_77_calls_of_300_ms_take_as_long_as_their_waves(
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
    assert rig.audit[0].onec_calls == 77
    assert most == max_concurrency
    ideal_ms = waves * 300
    assert ideal_ms <= rig.audit[0].duration_ms < 1.15 * ideal_ms


async def test_balances_of_past_days_are_kept_and_flows_are_asked_again(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(answer_of, onec=onec_settings(balance_cache_ttl_sec=3600)) as rig:
        first = await ask(rig)
        again = await ask(rig)
        await trio.sleep(3601)
        await ask(rig)

    assert first == again
    assert [record.onec_calls for record in rig.audit] == [11, 2, 11]


async def test_kept_balances_are_shared_by_callers_of_the_same_scopes_only() -> None:
    async with open_rig(answer_of) as rig:
        await ask(rig)
        await ask(rig, firm_ids=["f1"])
        body = json.dumps({"period": APRIL}).encode()
        four = frozenset(ALL_SCOPES) - {RESOLVE}
        await rig.call("cash_conversion_cycle", body, scopes=four)

    assert [record.onec_calls for record in rig.audit] == [11, 11, 11]


async def test_balances_of_days_that_may_still_change_are_never_kept() -> None:
    future = {"from": "2099-01-01", "to": "2099-01-31"}
    async with open_rig(answer_of) as rig:
        answer = await ask(rig, period=future, compare="none")
        await ask(rig, period=future, compare="none")
        await ask(rig, period=APRIL, compare="none")

    assert [record.onec_calls for record in rig.audit] == [8, 8, 8]
    assert any("in the future" in warning for warning in answer["warnings"])


async def test_a_cache_of_no_seconds_is_off() -> None:
    async with open_rig(answer_of, onec=onec_settings(balance_cache_ttl_sec=0)) as rig:
        await ask(rig)
        await ask(rig)

    assert [record.onec_calls for record in rig.audit] == [11, 11]


@pytest.mark.parametrize(
    "applied", ["{}", '{"firm_ids":["other"]}', '{"firm_ids":["f1"]}', '{"firm_ids":7}']
)
@pytest.mark.parametrize("report", ["stock", "purchases"])
async def test_figures_of_a_1c_that_ignores_firm_ids_are_refused(report: str, applied: str) -> None:
    def ignores(request: httpx.Request) -> httpx.Response:
        answer = answer_of(request)
        if report_of(request) != report:
            return answer
        told = json.loads(_body(answer))
        return ok(json.dumps(told | {"applied_filters": json.loads(applied)}))

    async with open_rig(ignores) as rig:
        with pytest.raises(OnecBadResponse, match="does not confirm this filter"):
            await ask(rig, firm_ids=["f1", "f2"])


async def test_firms_are_confirmed_by_ids_or_references_in_any_order_and_case() -> None:
    def references(request: httpx.Request) -> httpx.Response:
        told = json.loads(_body(answer_of(request)))
        firms = [{"id": "F2", "label": "Two"}, "f1"]
        return ok(json.dumps(told | {"applied_filters": {"firm_ids": firms}}))

    async with open_rig(references) as rig:
        answer = await ask(rig, firm_ids=["f1", "f2"])

    assert answer["applied_filters"] == {"firm_ids": ["f1", "f2"]}


def _body(response: httpx.Response) -> bytes:
    return response.read()


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"sales": {"amount": "0.00"}},
            "dso is null in 2025-04-01 to 2025-04-30: sales there are not above zero",
        ),
        (
            {"purchases": {"amount": "-5.00"}},
            "dpo is null in 2025-04-01 to 2025-04-30: purchases there are not above zero",
        ),
        (
            {"stock": {"amount": "-1.50"}},
            "stock at the end of 2025-04-30 is negative: -1.50",
        ),
    ],
)
async def test_books_that_tell_little_are_warned_of(
    changes: Mapping[str, Mapping[str, str]], warning: str
) -> None:
    async with open_rig(lambda request: answer_of(request, **changes)) as rig:
        answer = await ask(rig, compare="none")

    assert warning in answer["warnings"]
    assert answer["missing"] == []
    ratio = warning.partition(" is null")[0]
    if ratio in answer["summary"]:
        assert answer["summary"][ratio] is answer["summary"]["ccc"] is None


async def test_a_part_of_a_month_is_said_to_be_one() -> None:
    async with open_rig(answer_of) as rig:
        answer = await ask(rig, period={"from": "2025-04-11", "to": "2025-05-31"})

    assert answer["warnings"] == [
        "2025-04 is here with 20 of its days and weighs in the average by them"
    ]
    assert answer["basis"]["previous_period"] == {"from": "2025-02-19", "to": "2025-04-10"}


async def test_reports_in_several_currencies_are_warned_of() -> None:
    def in_currencies(request: httpx.Request) -> httpx.Response:
        currency = "EUR" if report_of(request) == "purchases" else "UAH"
        return ok(json.dumps(json.loads(_body(answer_of(request))) | {"currency": currency}))

    async with open_rig(in_currencies) as rig:
        answer = await ask(rig, compare="none")

    assert any("different currencies (EUR, UAH)" in warning for warning in answer["warnings"])


@pytest.mark.parametrize(
    ("period", "path"),
    [
        ({"from": "2020-01-01", "to": "2022-01-01"}, "period"),
        ({"from": "0001-01-01", "to": "0001-01-31"}, "period.from"),
        ({"from": "9999-12-01", "to": "9999-12-31"}, "period.from"),
        ({"from": "2025-02-01", "to": "2025-01-01"}, "period.from"),
    ],
)
async def test_a_period_that_no_books_have_is_refused(period: dict[str, str], path: str) -> None:
    async with open_rig(answer_of) as rig:
        with pytest.raises(ValidationFailed) as caught:
            await ask(rig, period=period)

    assert [problem.path for problem in caught.value.problems] == [path]
    assert rig.onec.requests == []


async def test_a_base_without_one_of_the_reports_does_not_have_the_cycle() -> None:
    async with open_rig(answer_of) as rig:
        rig.gateway.catalogue.capabilities = Capabilities(unavailable=frozenset({"stock_balance"}))
        with pytest.raises(NotFound, match="does not support cash_conversion_cycle"):
            await ask(rig)


async def test_a_base_that_lacks_a_measure_is_not_asked_for_it() -> None:
    async with open_rig(answer_of) as rig:
        rig.gateway.catalogue.capabilities = Capabilities(
            unsupported={"stock_balance": {"measures": frozenset({"amount"})}}
        )
        answer = await ask(rig, compare="none")

    assert [one["component"] for one in answer["missing"]] == ["dio"]
    assert "stock" not in reports(rig)


async def test_progress_is_told_per_finished_call() -> None:
    told: list[tuple[int, int]] = []

    async def progress(done: int, total: int) -> None:
        told.append((done, total))

    async with open_rig(answer_of) as rig:
        await rig.call(
            "cash_conversion_cycle", json.dumps({"period": APRIL}).encode(), progress=progress
        )

    assert sorted(told) == [(number, 11) for number in range(1, 12)]


async def test_a_defect_of_ours_is_itself_and_in_the_audit() -> None:
    async def broken(done: int, total: int) -> None:
        raise ZeroDivisionError

    async with open_rig(answer_of) as rig:
        with pytest.raises(ZeroDivisionError):
            await rig.call(
                "cash_conversion_cycle", json.dumps({"period": APRIL}).encode(), progress=broken
            )

    assert rig.audit[0].code == "internal"


def test_the_scopes_cover_those_of_every_report_that_is_asked() -> None:
    for tool in ALL:
        for asked in tool.composition.tools if tool.composition else ():
            assert asked.scopes <= tool.scopes
