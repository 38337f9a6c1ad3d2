"""The SQL of a report: composed from its declaration and from what is asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from onecgw.caller import COST
from onecgw.demo.books import Books
from onecgw.demo.ledger.calendar import month_start, months_before
from onecgw.demo.reports import ID_BITS, Dimension, Report
from onecgw.demo.requests import MAX_ROWS, Request, Scopes, Selection

_AMONG: Final = "IN (SELECT value FROM json_each(:{}))"
_UNRESTRICTED: Final = "NOT IN (SELECT id FROM warehouses WHERE restricted)"
# Room for an id or an analytics; SQLite's 64 bits hold three of them.
_PACKED_BITS: Final = ID_BITS + 2
_PACKED_TOGETHER: Final = 3


@attrs.frozen(kw_only=True)
class Statements:
    """The two questions to the books, with the values that they name.

    rows: the dimensions and then the measures of every group, in order, one row more than the
        service returns.
    totals: the measures of the whole selection.
    """

    rows: str
    totals: str
    values: Mapping[str, object]


def compose(
    report: Report,
    request: Request,
    dimensions: Sequence[Dimension],
    *,
    books: Books,
    scopes: Scopes,
) -> Statements:
    """The statements of a request; `dimensions` are its own and those the report always adds."""
    names = [dimension.name for dimension in dimensions]
    sums = {name: report.sums(name, names) for name in request.measures}
    chosen = [*(dimension.column for dimension in dimensions), *sums.values()]
    of_all = [report.sums(name, ()) for name in request.measures]
    where, values = _where(report, request.selection, books=books, scopes=scopes)
    limit = MAX_ROWS + 1 if request.top is None else min(request.top, MAX_ROWS + 1)
    # Everything that is put in here is declared in reports.py; what the caller gave is in values.
    rows = f"""
        SELECT {", ".join(chosen)}
        FROM {report.source_for(names)}
        WHERE {where}
        GROUP BY {", ".join(_grouping(dimensions))}
        HAVING {report.having}
        ORDER BY {", ".join(_order(request, dimensions, sums))}
        LIMIT {limit}
    """  # noqa: S608 - as said above
    totals = f"SELECT {', '.join(of_all)} FROM {report.source} WHERE {where}"  # noqa: S608 - same
    return Statements(rows=rows, totals=totals, values=values)


def _where(
    report: Report, selection: Selection, *, books: Books, scopes: Scopes
) -> tuple[str, dict[str, object]]:
    """The conditions of a selection, and the values that they name."""
    conditions = [report.where]
    # A balance starts from the totals of its month; after the last day nothing changes.
    day = min(selection.last, books.today)
    values: dict[str, object] = {
        "day_from": selection.first.isoformat(),
        "day_to": selection.last.isoformat(),
        "day": day.isoformat(),
        "month": month_start(day).isoformat(),
        # A new customer was created in or after the month before the period.
        "cohort_from": months_before(selection.first, 1).isoformat(),
    }
    either: dict[str, list[str]] = {}
    for one in report.filters:
        if one.name in selection.ids:
            values[one.name] = json.dumps(selection.ids[one.name])
            condition = f"{one.column} {_AMONG.format(one.name)}"
            if one.either is None:
                conditions.append(condition)
            else:
                either.setdefault(one.either, []).append(condition)
    conditions += [f"({' OR '.join(alternatives)})" for alternatives in either.values()]
    if selection.cohort is not None:
        sign = ">=" if selection.cohort == "new" else "<"
        conditions.append(f"{report.cohort_column} {sign} :cohort_from")
    if report.warehouse_column is not None and COST not in scopes:
        conditions.append(f"{report.warehouse_column} {_UNRESTRICTED}")
    return " AND ".join(conditions), values


def _grouping(dimensions: Sequence[Dimension]) -> list[str]:
    """The terms that make a group, without those that others determine.

    References are packed into one number, which sorts twice as fast as two columns do; dates and
    strings stand in front, where they part the rows with the fewest comparisons.
    """
    names = [dimension.name for dimension in dimensions]
    free = [dimension for dimension in dimensions if dimension.given_by not in names]
    terms = [dimension.column for dimension in free if dimension.kind != "ref"]
    references = [dimension.column for dimension in free if dimension.kind == "ref"]
    for start in range(0, len(references), _PACKED_TOGETHER):
        term, *others = references[start : start + _PACKED_TOGETHER]
        for column in others:
            term = f"({term} << {_PACKED_BITS} | {column})"
        terms.append(term)
    return terms


def _order(request: Request, dimensions: Sequence[Dimension], sums: Mapping[str, str]) -> list[str]:
    """What was asked; else days upwards, then the first measure downwards; labels break ties."""
    columns = {dimension.name: dimension.column for dimension in dimensions}
    order = [
        f"{columns.get(field) or sums[field]} {direction.upper()} NULLS LAST"
        for field, direction in request.sort
    ]
    if not request.sort:
        order = [dimension.column for dimension in dimensions if dimension.kind == "date"]
        order.append(f"{sums[request.measures[0]]} DESC NULLS LAST")
    return order + [dimension.column for dimension in dimensions]
