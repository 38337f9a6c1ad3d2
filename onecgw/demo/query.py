"""Runs a report: composes its SQL and gives its rows and totals the shape of the contract."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import attrs

from onecgw.caller import COST
from onecgw.demo.books import Books
from onecgw.demo.ledger.calendar import month_start, months_before
from onecgw.demo.reports import CURRENCY, Dimension, Measure, Report
from onecgw.demo.requests import MAX_ROWS, Body, Request, Scopes, Selection, read_request

Cell = dict[str, str] | str | Decimal | int | None
# The kinds of analytics, as the contract names them.
_KINDS: Final = {"partners": "customer", "cost_articles": "cost_article", "cash": "cash"}

_AMONG: Final = "IN (SELECT value FROM json_each(:{}))"
_UNRESTRICTED: Final = "NOT IN (SELECT id FROM warehouses WHERE restricted)"

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
    with books.reading() as db:
        found = run_report(report, request, db=db, books=books, scopes=scopes)
        by_currency = (
            _totals_by_currency(report, request, db=db, books=books, scopes=scopes)
            if CURRENCY in report.always_by
            else {}
        )
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
    report: Report,
    request: Request,
    *,
    db: sqlite3.Connection,
    books: Books,
    scopes: Scopes,
) -> Rows:
    """Two questions to the books: the rows, and the totals of the same selection."""
    dimensions = [report.dimension[name] for name in (*request.group_by, *report.always_by)]
    measures = [report.measure[name] for name in request.measures]
    keys = [column for dimension in dimensions for column in dimension.columns]
    where, parameters = _where(report, request.selection, books=books, scopes=scopes)
    sums = [measure.sql for measure in measures]
    limit = MAX_ROWS + 1 if request.top is None else min(request.top, MAX_ROWS + 1)
    rows = db.execute(
        f"""
        SELECT {", ".join([*keys, *sums])}
        FROM {report.source}
        WHERE {where}
        GROUP BY {", ".join(keys)}
        HAVING {report.having}
        ORDER BY {", ".join(_order(request, dimensions, measures))}
        LIMIT {limit}
        """,  # noqa: S608 - composed from the declarations in reports.py; values are parameters
        parameters,
    ).fetchall()
    totals = db.execute(
        f"SELECT {', '.join(sums)} FROM {report.source} WHERE {where}",  # noqa: S608 - as above
        parameters,
    ).fetchone()
    width = len(keys)
    return Rows(
        columns=[
            *({"name": dimension.name, "type": dimension.kind} for dimension in dimensions),
            *({"name": measure.name, "type": "number"} for measure in measures),
        ],
        rows=[
            [*_references(dimensions, row[:width], books), *_numbers(measures, row[width:])]
            for row in rows[:MAX_ROWS]
        ],
        totals={
            measure.name: number
            for measure, number in zip(measures, _numbers(measures, totals), strict=True)
        },
        is_cut=len(rows) > MAX_ROWS,
    )


def number(value: int | None, measure: Measure) -> Decimal | int | None:
    """A whole number of smallest units as what it is, digit for digit."""
    if value is None:
        return None if measure.is_ratio else _scaled(0, measure.places)
    return _scaled(value, measure.places)


def reference(books: Books, dimension: Dimension, row: Sequence[int | None]) -> Cell:
    """A cell of references: the one column that is not empty."""
    for catalogue, item_id in zip(dimension.catalogues, row, strict=True):
        if item_id is not None:
            item = books.catalogues[catalogue].by_id(item_id)
            cell = {"id": item.uuid, "label": item.label}
            return {**cell, "kind": _KINDS[catalogue]} if len(row) > 1 else cell
    return None


def _scaled(value: int, places: int) -> Decimal | int:
    if places == 0:
        return value
    exact = Decimal(value).scaleb(-places)
    # Money keeps its kopecks; quantities are mostly whole, and 5.000 reads badly.
    return exact if places == 2 or value % 10**places else value // 10**places  # noqa: PLR2004


def _where(
    report: Report, selection: Selection, *, books: Books, scopes: Scopes
) -> tuple[str, dict[str, object]]:
    """The conditions of a selection, and the values that they name."""
    conditions = [report.where]
    parameters: dict[str, object] = {
        "day_from": selection.first.isoformat(),
        "day_to": selection.last.isoformat(),
        **_balance_parameters(selection.last, books),
    }
    either: dict[str, list[str]] = {}
    for one in report.filters:
        if one.name in selection.ids:
            parameters[one.name] = json.dumps(selection.ids[one.name])
            condition = f"{one.column} {_AMONG.format(one.name)}"
            if one.either is None:
                conditions.append(condition)
            else:
                either.setdefault(one.either, []).append(condition)
    conditions += [f"({' OR '.join(alternatives)})" for alternatives in either.values()]
    if report.cohort_column is not None:
        # A new customer was created in or after the month before the period.
        parameters["cohort_from"] = months_before(selection.first, 1).isoformat()
        if selection.cohort is not None:
            sign = ">=" if selection.cohort == "new" else "<"
            conditions.append(f"{report.cohort_column} {sign} :cohort_from")
    if report.warehouse_column is not None and COST not in scopes:
        conditions.append(f"{report.warehouse_column} {_UNRESTRICTED}")
    return " AND ".join(conditions), parameters


def _balance_parameters(day: date, books: Books) -> dict[str, object]:
    """The month whose totals a balance starts from; after the last day nothing changes."""
    day = min(day, books.today)
    return {"day": day.isoformat(), "month": month_start(day).isoformat()}


def _order(
    request: Request, dimensions: Sequence[Dimension], measures: Sequence[Measure]
) -> list[str]:
    """What was asked; else days upwards, then the first measure downwards; labels break ties."""
    columns = {dimension.name: dimension.columns for dimension in dimensions}
    sums = {measure.name: (measure.sql,) for measure in measures}
    order = [
        f"{column} {direction.upper()} NULLS LAST"
        for field, direction in request.sort
        for column in (columns | sums)[field]
    ]
    if not request.sort:
        order += [
            column
            for dimension in dimensions
            if dimension.kind == "date"
            for column in dimension.columns
        ]
        order.append(f"{measures[0].sql} DESC NULLS LAST")
    return order + [column for dimension in dimensions for column in dimension.columns]


def _references(
    dimensions: Sequence[Dimension], keys: Sequence[int | None], books: Books
) -> list[Cell]:
    cells: list[Cell] = []
    start = 0
    for dimension in dimensions:
        end = start + len(dimension.columns)
        row = keys[start:end]
        cells.append(reference(books, dimension, row) if dimension.catalogues else row[0])
        start = end
    return cells


def _numbers(measures: Sequence[Measure], row: Sequence[int | None]) -> list[Cell]:
    return [number(value, measure) for measure, value in zip(measures, row, strict=True)]


def _totals_by_currency(
    report: Report,
    request: Request,
    *,
    db: sqlite3.Connection,
    books: Books,
    scopes: Scopes,
) -> dict[str, object]:
    """The totals that mean something where currencies mix: one for each."""
    each = attrs.evolve(request, group_by=(), sort=(), top=None)
    found = run_report(report, each, db=db, books=books, scopes=scopes)
    return {"totals_by_currency": {str(currency): total for currency, total in found.rows}}
