"""How a report is read: by which order of the lines, and no further than its answer needs."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from onecgw.auth.caller import ALL_SCOPES
from onecgw.demo.books import Books
from onecgw.demo.reports import SALES_REPORT
from onecgw.demo.requests import read_request
from onecgw.demo.sql import Statements, compose
from tests.demo.asking import WHOLE

SCOPES = frozenset(ALL_SCOPES)


def composed(books: Books, group_by: Sequence[str], **body: Any) -> Statements:
    asked = {"period": WHOLE, "group_by": list(group_by), **body}
    request = read_request(SALES_REPORT, asked, scopes=SCOPES, books=books)
    dimensions = [SALES_REPORT.dimension[name] for name in group_by]
    return compose(SALES_REPORT, request, dimensions, books=books, scopes=SCOPES)


def plan(books: Books, statements: Statements) -> list[str]:
    """How SQLite is going to read the rows."""
    values = {**statements.values, **statements.stretches[0], "rows": 1}
    with books.reading() as db:
        return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statements.rows}", values)]


def test_sales_by_product_are_read_in_their_order_and_not_sorted(books: Books) -> None:
    steps = plan(books, composed(books, ["product", "product_group"]))
    assert steps[0] == "SCAN turnovers_sales_by_product"
    assert "USE TEMP B-TREE FOR GROUP BY" not in steps


@pytest.mark.parametrize(
    ("group_by", "table"),
    [
        (["product"], "turnovers_sales"),
        (["customer"], "turnovers_receipts"),
        (["warehouse", "seller"], "turnovers_receipts"),
    ],
)
def test_short_period_is_one_stretch_of_the_table(
    group_by: list[str], table: str, books: Books
) -> None:
    few_days = {"from": "2026-02-10", "to": "2026-03-20"}
    steps = plan(books, composed(books, group_by, period=few_days))
    assert f"SEARCH {table} USING PRIMARY KEY (day>? AND day<?)" in steps


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("field", ["day", "week", "month"])
def test_dates_in_order_are_read_in_stretches_that_cut_none_of_them(
    field: str, direction: str, small_books: Books
) -> None:
    period = {"from": "2025-01-15", "to": "2026-09-03"}
    sort = [{"field": field, "dir": direction}]
    statements = composed(small_books, [field], period=period, sort=sort)
    stretches = [(one["day_from"], one["day_to"]) for one in statements.stretches]
    if direction == "desc":
        stretches.reverse()
    assert len(stretches) > 10
    days = small_books.calendar["day"]
    assert [days[stretches[0][0]], days[stretches[-1][1]]] == [*period.values()]
    starts = small_books.calendar[field]
    for (_, end), (start, _) in pairwise(stretches):
        assert start == end + 1
        assert days[start] in starts


def test_other_orders_are_read_at_once(small_books: Books) -> None:
    sort = [{"field": "amount", "dir": "desc"}]
    statements = composed(small_books, ["day"], sort=sort)
    last = len(small_books.calendar["day"]) - 1
    assert statements.stretches == [{"day_from": 0, "day_to": last}]


@pytest.mark.parametrize(
    ("group_by", "measures", "is_ranked"),
    [
        (["day", "product"], [*SALES_REPORT.measure], True),
        (["day", "product"], ["amount", "qty"], False),
        (["warehouse", "product"], [*SALES_REPORT.measure], False),
    ],
)
def test_groups_are_ranked_first_where_they_are_many_and_so_are_their_measures(
    group_by: list[str], measures: list[str], is_ranked: bool, default_books: Books
) -> None:
    sort = [{"field": "amount", "dir": "desc"}]
    asked = composed(default_books, group_by, measures=measures, sort=sort, top=1_000)
    steps = plan(default_books, asked)
    assert any(step.startswith("LIST SUBQUERY") for step in steps) == is_ranked
