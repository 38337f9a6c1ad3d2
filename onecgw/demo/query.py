"""Runs a report and gives its rows and totals the shape of the contract."""

import sqlite3
from typing import Final

import attrs

from onecgw.auth.caller import COST
from onecgw.demo.books import Books
from onecgw.demo.cells import Cell, dimension_maker, measure_maker
from onecgw.demo.report import Report
from onecgw.demo.reports import CURRENCY
from onecgw.demo.requests import MAX_ROWS, Body, Request, Scopes, Selection, read_request
from onecgw.demo.sql import compose

RESTRICTED_NOTE: Final = "warehouses that need mcp:report:cost are left out"
_CUT_NOTE: Final = f"cut at {MAX_ROWS} rows, the most that this service returns"


@attrs.frozen(kw_only=True)
class Rows:
    """The rows of a report and the totals of its whole selection.

    is_cut: the service's own ceiling left rows out.
    """

    columns: list[dict[str, str]]
    rows: list[list[Cell]]
    totals: dict[str, Cell]
    is_cut: bool


def answer_report(report: Report, books: Books, body: Body, scopes: Scopes) -> dict[str, object]:
    """The whole answer of a tabular report.

    Raises:
        Refusal: the arguments are wrong, or not allowed to the scopes.
    """
    request = read_request(report, body, scopes=scopes, books=books)
    by_currency: dict[str, object] = {}
    with books.reading() as db:
        found = run_report(report, request, db=db, books=books, scopes=scopes)
        if CURRENCY in report.always_by:
            # Where currencies mix, the totals that mean something are one for each.
            each = attrs.evolve(request, group_by=(), sort=(), top=None)
            totals = run_report(report, each, db=db, books=books, scopes=scopes).rows
            by_currency["totals_by_currency"] = {str(row[0]): row[1] for row in totals}
    notes = list(report.notes)
    if report.warehouse_column is not None and COST not in scopes:
        notes.append(RESTRICTED_NOTE)
    if found.is_cut:
        notes.append(_CUT_NOTE)
    answer: dict[str, object] = {
        "columns": found.columns,
        "rows": found.rows,
        "totals": found.totals,
        **by_currency,
        **dated(report, request.selection),
        "applied_filters": request.selection.applied,
    }
    return {**answer, "notes": notes} if notes else answer


def dated(report: Report, selection: Selection) -> dict[str, object]:
    """The period or the date that an answer is about."""
    if report.dated == "date":
        return {"date": selection.last.isoformat()}
    period = {"from": selection.first.isoformat(), "to": selection.last.isoformat()}
    return {"period": period}


def run_report(
    report: Report, request: Request, *, db: sqlite3.Connection, books: Books, scopes: Scopes
) -> Rows:
    """Two questions to the books: the rows, and the totals of the same selection.

    The rows are asked for in stretches of days, as far as they are needed.
    """
    dimensions = [report.dimension[name] for name in (*request.group_by, *report.always_by)]
    measures = [report.measure[name] for name in request.measures]
    statements = compose(report, request, dimensions, books=books, scopes=scopes)
    rows: list[tuple[int | None, ...]] = []
    for days in statements.stretches:
        wanted = {"rows": statements.limit - len(rows), **statements.values, **days}
        rows += db.execute(statements.rows, wanted)
        if len(rows) == statements.limit:
            break
    totals = db.execute(statements.totals, statements.values).fetchone()
    sums = [measure_maker(measure) for measure in measures]
    makers = [*(dimension_maker(dimension, books) for dimension in dimensions), *sums]
    return Rows(
        columns=[
            *({"name": dimension.name, "type": dimension.kind} for dimension in dimensions),
            *({"name": measure.name, "type": "number"} for measure in measures),
        ],
        rows=[
            [make(value) for make, value in zip(makers, row, strict=True)]
            for row in rows[:MAX_ROWS]
        ],
        totals={
            measure.name: make(value)
            for measure, make, value in zip(measures, sums, totals, strict=True)
        },
        is_cut=len(rows) > MAX_ROWS,
    )
