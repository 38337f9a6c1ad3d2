"""An analysis is refused unless the answers of 1C are whole, about the request, and add up."""

from decimal import Decimal
from typing import Any

import pytest

from onecgw.demo.books import Books
from onecgw.errors import LimitExceeded, OnecBadResponse, OnecgwError
from onecgw.settings import LimitsSettings
from tests.builders.demo_gateway import Falsify, ask, open_demo

DAY = "2026-10-15"
CALLS: dict[str, dict[str, Any]] = {
    "debt_aging": {"side": "receivable", "date": DAY},
    "stock_cover": {"date": DAY},
    "margin_bridge": {"period": {"from": "2026-08-01", "to": "2026-09-30"}},
}
# Every figure that the tools add up: report, place of the cell from the end of a row, total.
PARTS = [
    ("debt_aging", "receivables", -2, "receivable"),
    ("debt_aging", "receivables", -1, "advance"),
    ("debt_aging", "sales", -1, "amount"),
    ("stock_cover", "stock", -2, "qty"),
    ("stock_cover", "stock", -1, "amount"),
    ("stock_cover", "sales", -2, "qty"),
    ("stock_cover", "sales", -1, "amount"),
    ("margin_bridge", "sales", -3, "qty"),
    ("margin_bridge", "sales", -2, "cost"),
    ("margin_bridge", "sales", -1, "profit"),
]
KOPECK = Decimal("0.01")


async def refusal(
    books: Books, tool: str, falsify: Falsify | None = None, **limits: Any
) -> OnecgwError:
    async with open_demo(books, falsify=falsify, limits=LimitsSettings(**limits)) as rig:
        with pytest.raises(OnecgwError) as caught:
            await ask(rig, tool, **CALLS[tool])
    return caught.value


@pytest.mark.parametrize(("tool", "report", "place", "measure"), PARTS)
@pytest.mark.parametrize("in_total", [False, True])
async def test_a_kopeck_in_one_part_is_found(
    tool: str, report: str, place: int, measure: str, *, in_total: bool, small_books: Books
) -> None:
    def cheat(name: str, body: Any) -> None:
        if name != report:
            return
        if in_total:
            body["totals"][measure] += KOPECK
        else:
            body["rows"][-1][place] += KOPECK

    error = await refusal(small_books, tool, cheat)

    assert isinstance(error, OnecBadResponse)
    assert f"add up to {measure} " in error.message


@pytest.mark.parametrize("tool", CALLS)
async def test_a_list_that_is_too_long_is_refused_with_how_to_narrow(
    tool: str, small_books: Books
) -> None:
    error = await refusal(small_books, tool, max_analysis_rows=3)

    assert isinstance(error, LimitExceeded)
    assert "more than 3 rows" in error.message
    assert "narrow the period or the filters" in error.message


@pytest.mark.parametrize("tool", CALLS)
async def test_a_list_that_1c_cut_is_refused(tool: str, small_books: Books) -> None:
    def cut(name: str, body: Any) -> None:
        if name == "sales":
            body["truncated"] = True

    assert isinstance(await refusal(small_books, tool, cut), LimitExceeded)


@pytest.mark.parametrize("tool", CALLS)
async def test_a_report_about_another_period_is_refused(tool: str, small_books: Books) -> None:
    def shift(name: str, body: Any) -> None:
        if name == "sales":
            body["period"]["to"] = "2026-10-16"

    error = await refusal(small_books, tool, shift)

    assert isinstance(error, OnecBadResponse)
    assert "the period of its answer is" in error.message


async def test_a_filter_that_1c_ignored_is_refused(small_books: Books) -> None:
    def forget(name: str, body: Any) -> None:
        if name == "stock":
            body["applied_filters"] = {}

    warehouse = small_books.catalogues["warehouses"].items[0].uuid
    async with open_demo(small_books, falsify=forget) as rig:
        with pytest.raises(OnecBadResponse, match=r"filters\.warehouse_ids: 1C does not confirm"):
            await ask(rig, "stock_cover", date=DAY, filters={"warehouse_ids": [warehouse]})


async def test_an_analysis_without_one_of_its_reports_is_refused(small_books: Books) -> None:
    def lose(name: str, body: Any) -> None:
        if name == "stock":
            body.clear()

    error = await refusal(small_books, "stock_cover", lose)

    assert isinstance(error, OnecBadResponse)
