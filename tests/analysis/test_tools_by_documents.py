"""debt_aging, stock_cover and margin_bridge equal the accountant's figures to the kopeck."""

import random
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from onecgw.demo.books import Books
from tests.analysis.accountant import Accountant
from tests.builders.demo_gateway import ask, by_id, open_demo

REQUESTS = 17  # of each of three tools on each of two books: some hundred
FIRST, LAST = date(2024, 10, 1), date(2026, 11, 22)
SHOWN = 100

Company = tuple[Books, Accountant]


def a_day(rng: random.Random) -> date:
    return FIRST + timedelta(days=rng.randrange((LAST - FIRST).days + 1))


def some(rng: random.Random, ids: Collection[str]) -> list[str] | None:
    """Nothing, or a few of them."""
    return rng.choice([None, rng.sample(sorted(ids), rng.randint(1, min(3, len(ids))))])


def given(**filters: list[str] | None) -> dict[str, Any]:
    chosen = {name: ids for name, ids in filters.items() if ids is not None}
    return {"filters": chosen} if chosen else {}


def as_ids(ids: list[str] | None) -> tuple[str, ...] | None:
    return None if ids is None else tuple(ids)


def check_rows(answer: Any, expected: dict[str, list[Any]], *, first: int) -> None:
    """The rows shown are right, and with the rest they are all.

    first: the place of the first figure of a row that adds up.
    """
    shown = by_id(answer)
    assert shown == {uuid: expected[uuid] for uuid in shown}
    assert answer["rows_total"] == len(expected)
    assert answer["rest"]["rows"] == len(expected) - len(shown)
    names = [column["name"] for column in answer["columns"]][1:]
    for place, name in enumerate(names):
        if place >= first and name in answer["totals"]:
            below = [figures[place] for uuid, figures in expected.items() if uuid not in shown]
            assert answer["rest"].get(name, Decimal(0)) == sum(below)
            assert answer["totals"][name] == sum(figures[place] for figures in expected.values())
    assert all(part["sum"] == part["reported"] for part in answer["proof"])


@pytest.mark.slow
async def test_debt_aging_is_that_of_the_documents(company: Company) -> None:
    books, accountant = company
    rng = random.Random(14)  # noqa: S311 - the same requests in every run
    async with open_demo(books) as rig:
        for number in range(REQUESTS):
            side, day = rng.choice(["receivable", "payable"]), a_day(rng)
            partners, firms = some(rng, accountant.partners), some(rng, accountant.firms)
            partners = None if number % 3 else partners  # mostly all of them
            answer = await ask(
                rig,
                "debt_aging",
                side=side,
                date=day.isoformat(),
                top=SHOWN if number % 2 else 3,
                **given(partner_ids=partners, firm_ids=firms),
            )
            found = accountant.debts(side, day, partners=as_ids(partners), firms=as_ids(firms))
            debtors = {uuid: cells for uuid, cells in found.items() if cells[2]}

            check_rows(answer, debtors, first=2)
            debts = [cells[2] for cells in by_id(answer).values()]
            assert (
                debts
                == sorted((cells[2] for cells in debtors.values()), reverse=True)[: len(debts)]
            )
            assert answer["advances_without_debt"] == sum(
                cells[-1] for uuid, cells in found.items() if uuid not in debtors
            )


@pytest.mark.slow
async def test_stock_cover_is_that_of_the_documents(company: Company) -> None:
    books, accountant = company
    rng = random.Random(14)  # noqa: S311 - the same requests in every run
    async with open_demo(books) as rig:
        for number in range(REQUESTS):
            day, days = a_day(rng), rng.choice([1, 7, 30, 90, 180, 365])
            warehouses = some(rng, accountant.firm_of) if number % 3 == 0 else None
            firms = some(rng, accountant.firms) if number % 3 == 1 else None
            bucket = rng.choice(["no_sale", "low", "enough", "out_of_stock", "negative"])
            answer = await ask(
                rig,
                "stock_cover",
                date=day.isoformat(),
                days=days,
                bucket=bucket,
                top=SHOWN if number % 2 else 3,
                **given(warehouse_ids=warehouses, firm_ids=firms),
            )
            found = accountant.cover(day, days, warehouses=as_ids(warehouses), firms=as_ids(firms))

            listed = {uuid: cells[1:] for uuid, cells in found.items() if cells[0] == bucket}
            check_rows(answer, listed, first=1)
            assert answer["buckets"] == {
                name: {
                    "products": len(cells),
                    "amount": sum(one[3] for one in cells),
                    "sold_amount": sum(one[6] for one in cells),
                }
                for name in answer["buckets"]
                for cells in [[one for one in found.values() if one[0] == name]]
            }


@pytest.mark.slow
async def test_margin_bridge_is_that_of_the_documents(company: Company) -> None:
    books, accountant = company
    rng = random.Random(14)  # noqa: S311 - the same requests in every run
    async with open_demo(books) as rig:
        for number in range(REQUESTS):
            first = a_day(rng)
            last = min(first + timedelta(days=rng.randrange(100)), LAST)
            days = (last - first).days + 1
            compare = "previous_period" if number % 2 else "previous_year"
            if compare == "previous_year" and (first.day, last.day) != (29, 29):
                # Days in the middle of a month, where the calendar has no choice.
                first, last = first.replace(day=2), last.replace(day=27)
                last = max(first, last)
            before = (
                (first.replace(year=first.year - 1), last.replace(year=last.year - 1))
                if compare == "previous_year"
                else (first - timedelta(days=days), first - timedelta(days=1))
            )
            if compare == "previous_period" and first.day == 1:
                continue  # whole months are compared with whole months, see the cycle's tests
            by = rng.choice(["product", "product_group"])
            filters = {
                "customer_ids": some(rng, accountant.partners) if number % 4 == 0 else None,
                "warehouse_ids": some(rng, accountant.firm_of) if number % 4 == 1 else None,
                "sales_channel_ids": some(rng, accountant.channels) if number % 4 == 2 else None,
                "firm_ids": some(rng, accountant.firms) if number % 4 == 3 else None,
            }
            answer = await ask(
                rig,
                "margin_bridge",
                period={"from": first.isoformat(), "to": last.isoformat()},
                compare=compare,
                by=by,
                top=SHOWN if number % 2 else 3,
                **given(**filters),
            )
            found = accountant.bridge(
                (first, last),
                before,
                by=by,
                is_meant=accountant.is_meant({n: as_ids(ids) for n, ids in filters.items()}),
            )

            check_rows(answer, found, first=0)
            shown = [abs(cells[2]) for cells in by_id(answer).values()]
            assert (
                shown
                == sorted((abs(cells[2]) for cells in found.values()), reverse=True)[: len(shown)]
            )
