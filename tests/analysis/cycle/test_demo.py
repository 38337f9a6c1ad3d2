"""The figures on the demo company equal an accountant's, who has only the documents."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from onecgw.demo.books import Books
from onecgw.demo.csv_export import export_books
from onecgw.demo.http_service import build_demo_app
from onecgw.settings import OnecAuthSettings, OnecSettings, Secret
from tests.analysis.cycle.accountant import Accountant
from tests.builders.demo_gateway import ask as ask_falsified
from tests.builders.demo_gateway import open_demo as open_falsified
from tests.builders.gateway_rig import Rig, open_rig

PASSWORD = "password-of-tests"

# Period, the period before, the same a year before: worked out by hand, not by the product.
PERIODS = {
    "the quarter of the story": (
        "2026-08-01/2026-10-31",
        "2026-05-01/2026-07-31",
        "2025-08-01/2025-10-31",
    ),
    "a year": (
        "2025-11-01/2026-10-31",
        "2024-11-01/2025-10-31",
        "2024-11-01/2025-10-31",
    ),
    "a month": (
        "2026-03-01/2026-03-31",
        "2026-02-01/2026-02-28",
        "2025-03-01/2025-03-31",
    ),
    "the shortest month": (
        "2026-02-01/2026-02-28",
        "2026-01-01/2026-01-31",
        "2025-02-01/2025-02-28",
    ),
    "half a year": (
        "2026-01-01/2026-06-30",
        "2025-07-01/2025-12-31",
        "2025-01-01/2025-06-30",
    ),
    "a month that is not over": (
        "2026-11-01/2026-11-22",
        "2026-10-10/2026-10-31",
        "2025-11-01/2025-11-22",
    ),
    "parts of months at both ends": (
        "2026-04-11/2026-07-20",
        "2025-12-31/2026-04-10",
        "2025-04-11/2025-07-20",
    ),
    "days inside a month": (
        "2026-05-05/2026-05-18",
        "2026-04-21/2026-05-04",
        "2025-05-05/2025-05-18",
    ),
    "one day": (
        "2026-09-15/2026-09-15",
        "2026-09-14/2026-09-14",
        "2025-09-15/2025-09-15",
    ),
}


@pytest.fixture(scope="session")
def documents(small_books: Books, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    export_books(small_books, folder)
    return folder


@pytest.fixture(scope="session")
def accountant(documents: Path) -> Accountant:
    return Accountant(documents)


@asynccontextmanager
async def open_demo(books: Books) -> AsyncIterator[Rig]:
    app = build_demo_app(books, login="Шлюз", password=PASSWORD)
    as_httpx_wants_it: Any = app  # Quart's types know only its own ASGI dicts
    transport = httpx.ASGITransport(as_httpx_wants_it)
    onec = OnecSettings(
        base_url="http://1c.test",
        report_timeout_ms=60_000,
        auth=OnecAuthSettings(username="Шлюз", password=Secret(PASSWORD)),
    )
    with trio.fail_after(60):
        async with open_rig(transport.handle_async_request, onec=onec) as rig:
            yield rig


async def ask(rig: Rig, span: str, **arguments: Any) -> Any:
    first, last = span.split("/")
    question = {"period": {"from": first, "to": last}, **arguments}
    body = await rig.call("cash_conversion_cycle", json.dumps(question).encode())
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def days_of(span: str) -> tuple[date, date]:
    first, last = span.split("/")
    return date.fromisoformat(first), date.fromisoformat(last)


def figures_of(answer: Any) -> dict[str, Any]:
    """The answer in the accountant's words."""
    summary = answer["summary"]
    ratios = (
        "dio", "dso", "dpo", "advance_days_received", "advance_days_paid", "ccc", "ccc_net"
    )  # fmt: skip
    return {
        "summary": {name: summary[name] for name in ratios},
        "previous": {name: summary["previous"][name] for name in ratios},
        "change": {name: summary["change"][name] for name in ratios},
        "driver": summary["driver"],
        "bridge": [
            {name: step[name] for name in ("component", "balance_effect", "flow_effect")}
            for step in answer["bridge"]
        ],
        "working_capital": answer["working_capital"],
        "terms": {
            name: (answer["basis"][name]["numerator"], answer["basis"][name]["denominator"])
            for name in ratios[:5]
        },
        "months": [{name: month[name] for name in ratios} for month in answer["months"]],
    }


@pytest.mark.parametrize("name", PERIODS)
async def test_every_figure_is_that_of_the_documents(
    name: str, small_books: Books, accountant: Accountant
) -> None:
    period, *compared = PERIODS[name]
    async with open_demo(small_books) as rig:
        for (comparison, before), basis, dpo_base in product(
            zip(("previous_period", "previous_year"), compared, strict=True),
            ("average", "closing"),
            ("purchases", "cogs"),
        ):
            answer = await ask(
                rig, period, compare=comparison, balance_basis=basis, dpo_base=dpo_base
            )
            expected = accountant.answer(
                *days_of(period), days_of(before), basis=basis, dpo_base=dpo_base
            )
            assert figures_of(answer) == expected, (comparison, basis, dpo_base)
            assert answer["missing"] == []


@pytest.mark.parametrize(
    ("period", "compare", "reasons"),
    [
        (
            "2024-12-01/2025-01-31",
            "previous_year",
            {
                "previous": "The books do not cover 2023-12-01 to 2024-01-31: every balance is "
                "zero at the end of 2023-11-30."
            },
        ),
        (
            "2026-11-01/2026-11-30",
            "previous_period",
            {
                "current": "The books do not cover 2026-11-01 to 2026-11-30: the last sale is of "
                "2026-11-22; end the period there."
            },
        ),
        (
            "2026-12-01/2026-12-31",
            "previous_period",
            {
                "current": "The books do not cover 2026-12-01 to 2026-12-31: nothing was sold or "
                "bought from 2026-12-01 to 2026-12-31.",
                "previous": "The books do not cover 2026-11-01 to 2026-11-30: the last sale is of "
                "2026-11-22; end the period there.",
            },
        ),
        ("2026-11-01/2026-11-29", "previous_year", {}),  # as long as holidays may be
    ],
)
async def test_a_period_beyond_the_books_has_no_figures_but_a_reason(
    period: str, compare: str, reasons: dict[str, str], small_books: Books
) -> None:
    async with open_demo(small_books) as rig:
        answer = await ask(rig, period, compare=compare)

    found = {one["period"]: one["reason"].partition("period: ")[2] for one in answer["missing"]}
    assert found == reasons
    assert all(reason in answer["headline"] for reason in reasons.values())
    summary = answer["summary"]
    assert (summary["ccc"] is None) == ("current" in reasons)
    assert (summary["previous"]["ccc"] is None) == ("previous" in reasons)
    assert (answer["working_capital"]["total"] is None) == bool(reasons)


WHERE = {"stock": "product_group", "receivable": "customer", "payable": "supplier"}


async def test_what_moved_a_balance_adds_up_to_its_change(
    small_books: Books, accountant: Accountant
) -> None:
    period, before, _ = PERIODS["the quarter of the story"]
    async with open_demo(small_books) as rig:
        answer = await ask(rig, period, compare="previous_period")
    days = (days_of(before)[1], days_of(period)[1])
    where = answer["where"]
    assert where["dates"] == {"before": f"{days[0]}", "now": f"{days[1]}"}
    assert where["columns"] == ["label", "before", "now", "change"]
    for series, by in WHERE.items():
        part = where[series]
        assert part["by"] == by
        was, is_now = (accountant.balances(day)[series] for day in days)
        count, *total = part["total"]
        assert total == [was, is_now, is_now - was]
        changes = [row[3] for row in part["rows"]]
        assert len(changes) == 3
        assert [abs(one) for one in changes] == sorted(map(abs, changes), reverse=True)
        parts = [*(row[1:] for row in part["rows"]), part["rest"][1:]]
        assert [sum(column) for column in zip(*parts, strict=True)] == total
        assert part["rest"][0] == count - 3


async def test_a_list_that_is_wrong_by_a_kopeck_is_not_shown(small_books: Books) -> None:
    def falsify(report: str, body: Any) -> None:
        names = [column["name"] for column in body["columns"]]
        if report == "receivables" and names == ["customer", "receivable"]:
            body["rows"][0][1] += Decimal("0.01")

    period, *_ = PERIODS["the quarter of the story"]
    first, last = period.split("/")
    async with open_falsified(small_books, falsify=falsify) as rig:
        answer = await ask_falsified(
            rig, "cash_conversion_cycle", period={"from": first, "to": last}
        )
    assert "add up to" in answer["where"]["receivable"]["reason"]
    assert answer["where"]["stock"]["rows"]


async def test_a_short_period_is_said_to_be_shorter_than_a_turnover(small_books: Books) -> None:
    async with open_demo(small_books) as rig:
        week = await ask(rig, "2026-10-05/2026-10-11", breakdown="none")
        year = await ask(rig, "2025-11-01/2026-10-31", breakdown="none")

    said = [one for one in week["warnings"] if "did not turn over once" in one]
    assert [one.partition(" is longer than the 7 days")[0] for one in said] == ["dio", "dso"]
    assert not any("did not turn over once" in one for one in year["warnings"])


async def test_the_firms_alone_are_those_of_their_documents(
    small_books: Books, documents: Path
) -> None:
    period, before, _ = PERIODS["the quarter of the story"]
    async with open_demo(small_books) as rig:
        for firm in small_books.catalogues["firms"].items:
            answer = await ask(rig, period, firm_ids=[firm.uuid], compare="previous_period")
            expected = Accountant(documents, firm.uuid).answer(
                *days_of(period), days_of(before), basis="average", dpo_base="purchases"
            )
            assert figures_of(answer) == expected
            assert answer["applied_filters"] == {"firm_ids": [firm.uuid]}


async def test_the_story_of_the_last_quarter_is_found(small_books: Books) -> None:
    first, last = small_books.scenario_period
    async with open_demo(small_books) as rig:
        answer = await ask(rig, f"{first}/{last}")

    summary = answer["summary"]
    assert summary["driver"] == "dio"
    assert summary["driver_effect"] == "balance"
    assert summary["change"]["ccc"] > 10
    assert "The driver is DIO" in answer["headline"]
