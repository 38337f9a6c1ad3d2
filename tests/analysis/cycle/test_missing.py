"""What the cycle answers when 1C answers only a part of its requests."""

import json
from decimal import Decimal

import httpx
import pytest

from onecgw.errors import (
    OnecBadResponse,
    OnecMaintenance,
)
from tests.builders.constant_books import (
    answer_of,
    ask,
    body_of,
    ok,
    onec_settings,
    read_answer,
    rejects,
    report_of,
    without,
)
from tests.builders.gateway_rig import open_rig


async def test_a_component_that_1c_refuses_is_missing_and_the_others_are_shown() -> None:
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
    assert answer["working_capital"]["total"] is None
    assert answer["headline"] == (
        "The cash conversion cycle from 2025-04-01 to 2025-04-30 is not known, for want of DPO; "
        "DIO is 30.0 days; DSO is 15.0 days."
    )
    # The balance of the shared day fails both periods: nothing else of this component is requested.
    balances = [one for one in rig.onec.requests if body_of(one)["top"] == 1]
    assert [report_of(one) for one in balances].count("payables") < 3
    assert answer["where"]["payable"] == {"reason": reason}


async def test_a_span_that_fails_leaves_the_figures_of_the_other_even_where_they_overlap() -> None:
    def refuse_the_first_year(request: httpx.Request) -> httpx.Response:
        body = body_of(request)
        if report_of(request) == "sales" and body["period"]["from"] == "2022-01-01":
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
    needed = {report_of(one) for one in rig.onec.requests if body_of(one)["top"] < 3}
    assert sorted(needed) == ["payables", "purchases", "sales"]


async def test_a_1c_that_reports_nothing_is_an_error_and_not_an_empty_answer() -> None:
    blocked = (
        '﻿{"#exception":{},"exception":{"descr":"Начало сеанса с информационной базой запрещено"}}'
    )

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, stream=httpx.ByteStream(blocked.encode()))

    async with open_rig(refuse) as rig:
        with pytest.raises(OnecMaintenance):
            await ask(rig)

    assert rig.audit[0].code == "onec_maintenance"


@pytest.mark.parametrize(
    "applied", ["{}", '{"firm_ids":["other"]}', '{"firm_ids":["f1"]}', '{"firm_ids":7}']
)
@pytest.mark.parametrize("report", ["stock", "purchases"])
async def test_figures_of_a_1c_that_ignores_firm_ids_are_refused(report: str, applied: str) -> None:
    def ignores(request: httpx.Request) -> httpx.Response:
        answer = answer_of(request)
        if report_of(request) != report:
            return answer
        content = read_answer(answer)
        return ok(json.dumps(content | {"applied_filters": json.loads(applied)}))

    async with open_rig(ignores) as rig:
        with pytest.raises(OnecBadResponse, match="does not confirm this filter"):
            await ask(rig, firm_ids=["f1", "f2"])


async def test_firms_are_confirmed_by_ids_or_references_in_any_order_and_case() -> None:
    def references(request: httpx.Request) -> httpx.Response:
        content = read_answer(answer_of(request))
        firms = [{"id": "F2", "label": "Two"}, "f1"]
        return ok(json.dumps(content | {"applied_filters": {"firm_ids": firms}}))

    async with open_rig(references) as rig:
        answer = await ask(rig, firm_ids=["f1", "f2"])

    assert answer["applied_filters"] == {"firm_ids": ["f1", "f2"]}


@pytest.mark.parametrize(("dpo_base", "lost"), [("purchases", ["dio"]), ("cogs", ["dio", "dpo"])])
async def test_a_cost_that_cannot_be_read_loses_only_what_needs_it(
    dpo_base: str, lost: list[str]
) -> None:
    def without_cost(request: httpx.Request) -> httpx.Response:
        if report_of(request) == "sales":
            return answer_of(request, sales={"cost": "null"})
        return answer_of(request)

    async with open_rig(without_cost) as rig:
        answer = await ask(rig, compare="none", dpo_base=dpo_base)

    assert [one["component"] for one in answer["missing"]] == lost
    assert {one["reason"] for one in answer["missing"]} == {
        "onec_bad_response: sales_report of 1C: cost in 2025-04 is not a number"
    }
    assert answer["summary"]["dso"] == Decimal("15.0")
    assert (answer["months"][0]["sales"], answer["months"][0]["cost"]) == (Decimal("900.00"), None)


async def test_a_report_of_another_day_is_missing() -> None:
    def today(request: httpx.Request) -> httpx.Response:
        content = read_answer(answer_of(request))
        return ok(
            json.dumps(content | {"date": "2026-11-22"} if "date" in body_of(request) else content)
        )

    async with open_rig(today) as rig:
        with pytest.raises(OnecBadResponse, match="was asked for 2025-03-31, and the date of"):
            await ask(rig, compare="none")
