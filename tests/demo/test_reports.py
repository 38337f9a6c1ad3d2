from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onecgw.auth.caller import COST, STOCK
from onecgw.demo.books import Books
from onecgw.demo.report_definition import Report
from onecgw.demo.report_requests import MAX_ROWS
from onecgw.demo.reports import TABULAR
from tests.builders.demo_queries import ReportAnswer, ask
from tests.builders.demo_server import client_in_memory
from tests.builders.report_requests import requests
from tests.demo.reference import Reference

EVERY_REPORT = pytest.mark.parametrize("report", TABULAR, ids=lambda report: report.path)


@EVERY_REPORT
@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_report_is_what_a_slow_reference_finds_in_the_documents(
    report: Report, small_books: Books, reference: Reference, data: st.DataObject
) -> None:
    body = data.draw(requests(report, small_books))
    rows, totals = reference.answer(report.path, body)
    found = ask(small_books, report.path, **body)
    assert (found.rows, found.totals) == (rows[:MAX_ROWS], totals)


def _example(report: Report, dimension: str) -> dict[str, Any]:
    dated = (
        {"period": {"from": "2026-02-10", "to": "2026-04-20"}}
        if report.dated == "period"
        else {"date": "2026-04-20"}
    )
    return {**dated, "group_by": [dimension], "measures": [*report.measure]}


@pytest.mark.parametrize(
    ("report", "dimension"),
    [
        (report, dimension)
        for report in TABULAR
        for dimension in report.dimension
        if dimension not in report.always_by
    ],
    ids=lambda value: value.path if isinstance(value, Report) else value,
)
def test_every_dimension_with_every_measure_is_what_the_reference_finds(
    report: Report, dimension: str, small_books: Books, reference: Reference
) -> None:
    body = _example(report, dimension)
    rows, totals = reference.answer(report.path, body)
    found: ReportAnswer = ask(small_books, report.path, **body)
    assert rows
    assert (found.rows, found.totals) == (rows, totals)


@EVERY_REPORT
def test_every_pair_of_dimensions_is_what_the_reference_finds(
    report: Report, small_books: Books, reference: Reference
) -> None:
    names = [name for name in report.dimension if name not in report.always_by]
    for pair in combinations(names, 2):
        body = {**_example(report, names[0]), "group_by": list(pair)}
        rows, totals = reference.answer(report.path, body)
        found = ask(small_books, report.path, **body)
        assert (found.rows, found.totals) == (rows, totals), pair


@EVERY_REPORT
def test_every_field_sorts_both_ways(
    report: Report, small_books: Books, reference: Reference
) -> None:
    for dimension in report.dimension:
        if dimension in report.always_by:
            continue
        for field in (dimension, *report.measure):
            for direction in ("asc", "desc"):
                sort = [{"field": field, "dir": direction}]
                body = {**_example(report, dimension), "sort": sort, "top": 5}
                rows, _ = reference.answer(report.path, body)
                assert ask(small_books, report.path, **body).rows == rows


def test_default_books_too_answer_as_the_reference(
    default_books: Books, default_reference: Reference
) -> None:
    for report in TABULAR:
        names = [name for name in report.dimension if name not in report.always_by]
        for group_by in (names[-3:], names):
            body = {**_example(report, names[0]), "group_by": group_by}
            if report.dated == "period":
                body["period"] = {"from": "2026-02-10", "to": "2026-08-20"}
            rows, totals = default_reference.answer(report.path, body)
            assert rows
            for top in (MAX_ROWS, 5):
                found = ask(default_books, report.path, **body, top=top)
                assert (found.rows, found.totals) == (rows[:top], totals), (body, top)


async def test_availability_over_http_is_what_the_reference_finds(
    small_books: Books, reference: Reference
) -> None:
    period = {"from": "2026-07-08", "to": "2026-09-20"}
    async with client_in_memory(small_books, scopes=(STOCK, COST)) as client:
        response = await client.post("/mcp/reports/availability", json={"period": period})
    answer = response.json(parse_float=Decimal)
    found = [[*(cell["id"] for cell in row[:2]), *row[2:]] for row in answer["rows"]]
    body = {
        "period": period,
        "group_by": ["product", "warehouse"],
        "measures": ["oos_days", "availability_pct"],
    }
    assert (found, answer["totals"]) == reference.answer("availability", body)
