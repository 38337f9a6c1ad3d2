"""Runs a report and gives its rows and totals the shape of the contract."""

import sqlite3
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from onecgw.auth.caller import COST
from onecgw.demo.books import Books
from onecgw.demo.report_definition import (
    CATALOGUE_STEP,
    MONEY_PLACES,
    Dimension,
    Measure,
    Report,
)
from onecgw.demo.report_requests import (
    MAX_ROWS,
    Body,
    ReportRequest,
    Scopes,
    Selection,
    read_request,
)
from onecgw.demo.report_sql import compose
from onecgw.demo.simulation.calendar import date_of
from onecgw.demo.simulation.catalogue_entries import CatalogueName
from onecgw.demo.simulation.company import BASE_CURRENCY

_RESTRICTED_NOTE: Final = "warehouses that need mcp:report:cost are left out"
_CUT_NOTE: Final = f"cut at {MAX_ROWS} rows, the most that this service returns"

Cell = dict[str, str] | str | Decimal | int | None
# Values from SQLite are untyped; each formatter knows the type of its column.
Formatter = Callable[[Any], Cell]

# The kinds of analytics, as the contract names them.
_KINDS: Final[dict[CatalogueName, str]] = {
    "partners": "customer",
    "cost_articles": "cost_article",
    "cash": "cash",
}


@attrs.frozen(kw_only=True)
class ReportTable:
    """The rows of a report and the totals of its whole selection.

    is_cut: there are more rows than MAX_ROWS, the most that the service returns.
    """

    columns: list[dict[str, str]]
    rows: list[list[Cell]]
    totals: dict[str, Cell]
    is_cut: bool


def answer_report(report: Report, books: Books, body: Body, scopes: Scopes) -> dict[str, object]:
    """The whole answer of a tabular report.

    Raises:
        RequestError: the arguments are wrong, or not allowed to the scopes.
    """
    return answer_request(
        report, read_request(report, body, scopes=scopes, books=books), books=books, scopes=scopes
    )


def answer_request(
    report: Report,
    request: ReportRequest,
    *,
    books: Books,
    scopes: Scopes,
    own_parts: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The whole answer of a request that has been read, with parts that only this report has."""
    parts: dict[str, object] = {}
    with books.reading() as db:
        found = read_report(report, request, db=db, books=books, scopes=scopes)
        own = next((name for name in request.measures if report.measure[name].is_own_currency), "")
        if own:
            # Where currencies mix, the totals that mean something are one for each.
            each = attrs.evolve(request, group_by=(), measures=(own,), sort=(), top=None)
            totals = read_report(report, each, db=db, books=books, scopes=scopes).rows
            parts["totals_by_currency"] = {str(row[0]): row[1] for row in totals}
            if len(totals) > 1:
                found = attrs.evolve(found, totals=found.totals | {own: None})
    if any(report.measure[name].is_money for name in request.measures):
        parts["base_currency" if own else "currency"] = BASE_CURRENCY
    return {
        "columns": found.columns,
        "rows": found.rows,
        "totals": found.totals,
        **parts,
        **dated(report, request.selection, books),
        **(own_parts or {}),
        "applied_filters": request.selection.applied,
        **noted(report, scopes, is_cut=found.is_cut),
    }


def dated(report: Report, selection: Selection, books: Books) -> dict[str, object]:
    """The period or the date that an answer is about, and the last day of the books."""
    period = {"from": selection.first.isoformat(), "to": selection.last.isoformat()}
    return {
        **({"period": period} if report.dated == "period" else {"date": period["to"]}),
        "as_of": books.today.isoformat(),
    }


def noted(report: Report, scopes: Scopes, *, is_cut: bool = False) -> dict[str, object]:
    """What a reader has to know about the figures of a report, if there is anything."""
    notes = [*report.notes]
    if report.has_warehouses and COST not in scopes:
        notes.append(_RESTRICTED_NOTE)
    if is_cut:
        notes.append(_CUT_NOTE)
    return {"notes": notes} if notes else {}


def read_report(
    report: Report, request: ReportRequest, *, db: sqlite3.Connection, books: Books, scopes: Scopes
) -> ReportTable:
    """Read the rows, and the totals of the same selection."""
    measures = [report.measure[name] for name in request.measures]
    always = report.always_by if any(one.is_own_currency for one in measures) else ()
    dimensions = [report.dimension[name] for name in (*request.group_by, *always)]
    rows_query, totals_query, values = compose(report, request, dimensions, scopes=scopes)
    rows = db.execute(rows_query, values).fetchall()
    totals = db.execute(totals_query, values).fetchone()
    sums = [_measure_formatter(measure) for measure in measures]
    formatters = [*(_dimension_formatter(dimension, books) for dimension in dimensions), *sums]
    return ReportTable(
        columns=[
            *({"name": dimension.name, "type": dimension.kind} for dimension in dimensions),
            *({"name": measure.name, "type": "number"} for measure in measures),
        ],
        rows=[
            [make(value) for make, value in zip(formatters, row, strict=True)]
            for row in rows[:MAX_ROWS]
        ],
        totals={
            measure.name: make(value)
            for measure, make, value in zip(measures, sums, totals, strict=True)
        },
        is_cut=len(rows) > MAX_ROWS,
    )


def _dimension_formatter(dimension: Dimension, books: Books) -> Formatter:
    """Return the function that turns the values of a dimension into cells."""
    catalogues = [books.catalogues[name] for name in dimension.catalogues]
    if dimension.kind == "date":
        return lambda day: day if isinstance(day, str) else date_of(day).isoformat()
    if not catalogues:
        return lambda value: value
    if len(catalogues) == 1:
        return lambda value: None if value is None else catalogues[0].by_id(value).cell
    kinds = [_KINDS[name] for name in dimension.catalogues]

    def reference_with_kind(value: int) -> Cell:
        place, item_id = divmod(value, CATALOGUE_STEP)
        return {**catalogues[place].by_id(item_id).cell, "kind": kinds[place]}

    return reference_with_kind


def _measure_formatter(measure: Measure) -> Formatter:
    """Return the function that turns the sums of a measure into numbers.

    A ratio without a denominator has no value.

    Money keeps its kopecks; quantities are mostly whole, and 5.000 reads badly.
    """
    keeps_zeros = measure.places == MONEY_PLACES
    unit = Decimal(1).scaleb(-measure.places)

    def number(value: int | None) -> Cell:
        if value is None and measure.is_ratio:
            return None
        exact = (value or 0) * unit
        return exact if keeps_zeros or exact % 1 else int(exact)

    return number
