"""The SQL of a report: composed from its declaration and from what is asked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

import attrs

from onecgw.auth.caller import COST
from onecgw.demo.books import Books
from onecgw.demo.ledger.calendar import month_start, months_before
from onecgw.demo.packing import Word, group_count, pack
from onecgw.demo.report import Dimension, Report, columns_of
from onecgw.demo.requests import MAX_ROWS, Direction, Request, Scopes, Selection

_AMONG: Final = "IN (SELECT value FROM json_each(:{}))"
_UNRESTRICTED: Final = "NOT IN (SELECT id FROM warehouses WHERE restricted)"
# How many days, weeks or months are about a month: what is read at once when they come in order.
_STRETCH: Final = {"day": 31, "week": 4, "month": 1}
# With so many possible groups for each that is shown, and so many more columns to sum than those
# that rank them, it pays to rank them before summing the rest.
_MANY_FOR_ONE: Final = 48
_MANY_MORE: Final = 3


@attrs.frozen(kw_only=True)
class Statements:
    """The two questions to the books, with the values that they name.

    rows: the dimensions and then the measures of every group, in order; it is asked for each of
        the stretches, with :rows for how many are still wanted, until there are `limit`.
    stretches: the values of :day_from and :day_to.
    limit: one row more than the service returns.
    totals: the measures of the whole selection.
    """

    rows: str
    stretches: Sequence[Mapping[str, int]]
    limit: int
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
    """The statements of a request; `dimensions` are its own and those the report always adds.

    Sales by product and customer are read like this, the best by amount first:

        SELECT group_1 >> 11, group_1 >> 0 & 2047, SUM(amount), SUM(qty)
        FROM (
            SELECT product << 11 | customer AS group_1, amount, qty
            FROM turnovers_sales_by_product
            WHERE day BETWEEN :day_from AND :day_to LIMIT -1
        )
        GROUP BY group_1
        HAVING TRUE
        ORDER BY SUM(amount) DESC NULLS LAST, group_1
        LIMIT :rows

    Where many groups with many measures are possible for each that is shown, the lines are also
    restricted to the groups that are: `... AND (product << 11 | customer) IN (SELECT group_1 ...)`,
    which is the same statement with no more columns than its order needs.
    """
    names = [dimension.name for dimension in dimensions]
    sums = {name: report.sums(name, names) for name in request.measures}
    of_all = [report.sums(name, ()) for name in request.measures]
    where, values = _where(report, request.selection, books=books, scopes=scopes)
    days = (request.selection.last - request.selection.first).days + 1
    source = report.source_for(names, of_all_days=days / len(books.calendar["day"]))
    order = _order(request, dimensions)
    packed, carried = _parted(dimensions, order)
    clustered = _clustered(packed, report.cluster_of(source))
    words = pack(clustered, books)
    fields = {name: sql for word in words for name, sql in word.fields.items()}
    fields |= {one.name: one.name for one in carried}
    ranks = [
        f"{({**fields, **sums})[field]} {direction.upper()} NULLS LAST"
        for field, direction in order
    ]
    # Equal groups follow their dimensions as they were asked, which may be the order of the words.
    groups = [word.name for word in words]
    ties = groups if clustered == packed else [fields[one.name] for one in packed]
    # Everything that is put in here is declared in reports.py; what the caller gave is in values.
    grouped = f"""
        GROUP BY {", ".join(groups)}
        HAVING {report.having}
        ORDER BY {", ".join([*ranks, *ties])}
        LIMIT :rows"""
    facts = columns_of(*sums.values(), report.having)
    ranking = columns_of(*(sums.get(field, "") for field, _ in order), report.having)
    limit = MAX_ROWS + 1 if request.top is None else min(request.top, MAX_ROWS + 1)
    is_far_more = group_count(dimensions, books) > limit * _MANY_FOR_ONE
    where_shown = where
    if is_far_more and len(facts) - len(ranking) >= _MANY_MORE and order[0][0] not in _STRETCH:
        # First what ranks the groups, for all of them; then the rest, for those that are shown.
        ranked = _lines(words, ranking, f"{source} WHERE {where}")
        shown = f"SELECT {', '.join(groups)} FROM ({ranked}) {grouped}"  # noqa: S608 - same
        where_shown += f" AND ({', '.join(word.sql for word in words)}) IN ({shown})"
    given = [f"{one.column} AS {one.name}" for one in carried]
    lines = _lines(words, [*given, *facts], f"{source} WHERE {where_shown}")
    columns = ", ".join([*(fields[name] for name in names), *sums.values()])
    return Statements(
        rows=f"SELECT {columns} FROM ({lines}) {grouped}",  # noqa: S608 - same
        stretches=[*_stretches(request.selection, *order[0], books=books)],
        limit=limit,
        totals=f"SELECT {', '.join(of_all)} FROM {report.source} WHERE {where}",  # noqa: S608 - same
        values=values,
    )


def _parted(
    dimensions: Sequence[Dimension], order: Sequence[tuple[str, Direction]]
) -> tuple[list[Dimension], list[Dimension]]:
    """Those that make and order the groups; those that are given by others and only carried along.

    What stands behind the dimension that gives it does not even order groups that are equal so far.
    """
    packed: list[Dimension] = []
    carried: list[Dimension] = []
    for one in dimensions:
        is_given = one.given_by in [before.name for before in packed]
        (carried if is_given and one.name not in dict(order) else packed).append(one)
    return packed, carried


def _clustered(dimensions: Sequence[Dimension], cluster: Sequence[str]) -> list[Dimension]:
    """Those first by which the lines stand together: what is nearly sorted is sorted soon."""
    places = {name: place for place, name in enumerate(cluster)}
    return sorted(dimensions, key=lambda one: places.get(one.name, len(cluster)))


def _lines(words: Sequence[Word], facts: Sequence[str], source: str) -> str:
    """The lines of a source: the number of their group and what is summed, nothing else to sort.

    LIMIT -1 keeps SQLite from merging this with the SELECT around it: it would carry every column
    of the group along to make the number once more. A column itself is better merged: where lines
    are clustered by it, nothing is sorted at all.
    """
    columns = ", ".join([*(f"{word.sql} AS {word.name}" for word in words), *facts])
    is_column = len(words) == 1 and len(words[0].fields) == 1
    return f"SELECT {columns} FROM {source} {'' if is_column else 'LIMIT -1'}"  # noqa: S608 - same


def _where(
    report: Report, selection: Selection, *, books: Books, scopes: Scopes
) -> tuple[str, dict[str, object]]:
    """The conditions of a selection, and the values that they name."""
    conditions = [report.where]
    # A balance starts from the totals of its month; after the last day nothing changes.
    day = min(selection.last, books.today)
    values: dict[str, object] = {
        "day_from": _number(selection.first, books),
        "day_to": _number(selection.last, books),
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


def _order(request: Request, dimensions: Sequence[Dimension]) -> list[tuple[str, Direction]]:
    """What was asked; else days upwards, then the first measure downwards."""
    if request.sort:
        return [*request.sort]
    dates = [dimension.name for dimension in dimensions if dimension.kind == "date"]
    return [*((name, "asc") for name in dates), (request.measures[0], "desc")]


def _stretches(
    selection: Selection, field: str, direction: Direction, *, books: Books
) -> Iterator[Mapping[str, int]]:
    """The days to read, in the order of the rows.

    Where dates come first in the order, no row needs lines of two months, and all rows of one month
    stand before those of the next: so only as many months are read as fill the answer.
    """
    first, last = _number(selection.first, books), _number(selection.last, books)
    if field not in _STRETCH:
        yield {"day_from": first, "day_to": last}
        return
    starts = [_number(date.fromisoformat(day), books) for day in books.calendar[field]]
    starts = [*starts[:: _STRETCH[field]], last + 1]
    stretches = [(max(one, first), min(other - 1, last)) for one, other in pairwise(starts)]
    for start, end in stretches if direction == "asc" else reversed(stretches):
        if start <= end:
            yield {"day_from": start, "day_to": end}


def _number(day: date, books: Books) -> int:
    """The number of a day in the calendar; days outside of it have the numbers that continue it."""
    return (day - books.first_day).days
