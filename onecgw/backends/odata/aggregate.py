"""Rows of registers → rows of a report: joined, grouped, summed exactly, sorted, cut."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any, Final

import attrs

from onecgw.backends.odata.catalogues import Row
from onecgw.backends.odata.numbers import EXACT, Number, measured
from onecgw.backends.odata.outline import Outline
from onecgw.backends.odata.profile import COUNTS, has_marks
from onecgw.backends.odata.query_plan import Fetch
from onecgw.backends.odata.references import References
from onecgw.backends.odata.reports import ANALYTICS, ReportDimension
from onecgw.backends.odata.request import RequestedReport
from onecgw.backends.odata.row_reading import RowReading, Tally

_DAY: Final = len("2026-01-31")

# The value of a dimension in a row: None, a text, or the dimension of the source and the id.
Value = str | tuple[str, str] | None
Cell = dict[str, str] | str | Number | None
_Line = tuple[tuple[Value, ...], list[Number | None]]


@attrs.frozen(kw_only=True)
class ResultTable:
    """The rows of a report and the totals of its whole selection."""

    columns: list[dict[str, str]]
    rows: list[list[Cell]]
    totals: dict[str, Cell]


class Aggregation:
    """Takes the rows of every fetch, one fetch after the other, and makes the report of them.

    unknown: the dimensions that some rows lack, as RowReading has them.
    """

    def __init__(self, chosen: Outline, request: RequestedReport, references: References) -> None:
        self.unknown: set[str] = set()
        self._request = request
        self._references = references
        self._facts = [fact for part in chosen.parts for fact in part.facts]
        self._dimensions = [request.report.dimension[name] for name in request.dimensions]
        self._groups: dict[tuple[Value, ...], Tally] = {}
        self._known_from = _month_before(request.first).isoformat()

    def add(self, fetch: Fetch, rows: Iterable[Row]) -> None:
        """Add the rows of one fetch."""
        reading = RowReading(fetch, self._references)
        values = [partial(self._value(one, fetch), reading) for one in self._dimensions]
        accept = self._accept(fetch, reading)
        groups = self._groups
        for row in rows:
            if not accept(row):
                continue
            key = tuple(value(row) for value in values)
            tally = groups.get(key)
            if tally is None:
                tally = groups[key] = self._tally()
            reading.sum_up(row, tally)
        self.unknown |= reading.unknown

    def table(self) -> ResultTable:
        """The report.

        Rows have the order of `sort`; without it dates ascend, then the first measure descends.
        Equal rows are sorted by their dimensions. Rows without a value stand last.
        """
        request, measures = self._request, self._request.report.measure
        lines: list[_Line] = [
            (
                key,
                [measured(measures[name], tally.sums, tally.counts()) for name in request.measures],
            )
            for key, tally in self._groups.items()
            if not (request.report.drops_zero and tally.is_zero)
        ]
        self._sort(lines)
        total = self._united(self._groups.values())
        return ResultTable(
            columns=[
                *({"name": one.name, "type": one.kind} for one in self._dimensions),
                *({"name": name, "type": "number"} for name in request.measures),
            ],
            rows=[
                [
                    *(
                        self._cell(one, value)
                        for one, value in zip(self._dimensions, key, strict=True)
                    ),
                    *figures,
                ]
                for key, figures in lines[: request.top]
            ],
            totals={
                name: measured(measures[name], total.sums, total.counts())
                for name in request.measures
            },
        )

    def totals_by(self, dimension: str) -> dict[str, Cell]:
        """The first measure by the values of one dimension of the rows."""
        place = [one.name for one in self._dimensions].index(dimension)
        measure = self._request.report.measure[self._request.measures[0]]
        parts: dict[str, list[Tally]] = {}
        for key, tally in self._groups.items():
            cell = self._cell(self._dimensions[place], key[place])
            parts.setdefault("" if cell is None else str(cell), []).append(tally)
        sums = {name: self._united(tallies) for name, tallies in parts.items()}
        ranked = sorted(sums, key=lambda name: (-sums[name].sums[measure.plus[0]], name))
        return {name: measured(measure, sums[name].sums, sums[name].counts()) for name in ranked}

    def _united(self, tallies: Iterable[Tally]) -> Tally:
        whole = self._tally()
        for tally in tallies:
            for fact, value in tally.sums.items():
                whole.sums[fact] = EXACT.add(whole.sums[fact], value)
            for fact, values in tally.seen.items():
                whole.seen[fact] |= values
        return whole

    def _tally(self) -> Tally:
        tally = Tally()
        for fact in self._facts:
            if fact in COUNTS:
                tally.seen[fact] = set()
            else:
                tally.sums[fact] = Decimal(0)
        return tally

    # What a row belongs to.

    def _value(self, one: ReportDimension, fetch: Fetch) -> Callable[[RowReading, Row], Value]:
        if not one.of:
            return _time_value(one, fetch)
        leaves = fetch.source.leaves(one.of)
        if one.name == "currency":
            return self._currency(leaves)
        if one.of in fetch.source.first_of:
            return lambda reading, row: reading.first_of(leaves, row)
        leaf = leaves[0]
        derived: dict[str, Callable[[str | None], Value]] = {
            "parent": partial(self._parent, leaf),
            "top": partial(self._top, leaf),
            "cohort": self._cohort,
        }
        if one.derivation in derived:
            derive = derived[one.derivation]
            return lambda reading, row: derive(reading.leaf(leaf, row))
        return lambda reading, row: reading.leaf(leaf, row)

    def _currency(self, leaves: tuple[str, ...]) -> Callable[[RowReading, Row], Value]:
        """The currency of a row: its own, or that of its cash desk."""
        (leaf,) = leaves
        if leaf == "currency":
            return lambda reading, row: reading.leaf(leaf, row)

        def of_desk(reading: RowReading, row: Row) -> Value:
            desk = reading.leaf(leaf, row)
            return None if desk is None else self._references.entry(leaf, desk).currency or None

        return of_desk

    def _parent(self, leaf: str, entry_id: str | None) -> str | None:
        return None if entry_id is None else self._references.entry(leaf, entry_id).parent

    def _top(self, leaf: str, entry_id: str | None) -> str | None:
        """The highest group above an entry; the entry itself where it stands in none."""
        seen: set[str] = set()
        top = entry_id
        while top is not None and top not in seen:  # a damaged hierarchy may contain a cycle
            seen.add(top)
            above = self._references.entry(leaf, top).parent
            if above is None:
                return top
            top = above
        return top

    def _cohort(self, customer: str | None) -> str:
        created = "" if customer is None else self._references.entry("customer", customer).created
        return "new" if created >= self._known_from else "returning"

    def _accept(self, fetch: Fetch, reading: RowReading) -> Callable[[Row], bool]:
        """Whether a row fulfils what the call itself could not ask for."""
        cohort = self._request.cohort
        balanced = fetch.balanced_accounts
        checks: list[Callable[[Row], bool]] = [
            partial(reading.fulfils, one.alternatives) for one in fetch.restrictions
        ]
        excludes = fetch.source.excludes
        if excludes:
            checks.append(lambda row: not has_marks(row, excludes))
        if balanced is not None:
            checks.append(lambda row: row["BalancedAccount_Key"] in balanced)
        if cohort is not None:
            checks.append(lambda row: self._cohort(reading.leaf("customer", row)) == cohort)
        return lambda row: all(check(row) for check in checks)

    # What it looks like.

    def _cell(self, one: ReportDimension, value: Value) -> Cell:
        if value is None:
            return None
        if isinstance(value, tuple):
            leaf, entry_id = value
            return {**self._references.entry(leaf, entry_id).cell, "kind": ANALYTICS[leaf]}
        if one.kind == "ref":
            return self._references.entry(one.of, value).cell
        if one.name == "currency":
            return self._references.entry("currency", value).label
        return value

    def _sort(self, lines: list[_Line]) -> None:
        """Python's sort is stable: the last key is sorted by first."""
        request = self._request
        times = [one.name for one in self._dimensions if one.kind == "date"]
        default = [*((name, "asc") for name in times), (request.measures[0], "desc")]
        last = [(one.name, "asc") for one in self._dimensions]
        for name, direction in reversed([*(request.sort or default), *last]):
            value, place = self._sorter(name)
            lines.sort(key=lambda line: place(value(line)), reverse=direction == "desc")
            lines.sort(key=lambda line: value(line) is None)

    def _sorter(self, name: str) -> tuple[Callable[[_Line], Any], Callable[[Any], Any]]:
        """What finds a dimension or a measure in a line, and what gives its place in the order."""
        names = [one.name for one in self._dimensions]
        if name in names:
            index = names.index(name)
            return lambda line: line[0][index], cache(partial(self._place, self._dimensions[index]))
        index = self._request.measures.index(name)
        return lambda line: line[1][index], lambda figure: figure or 0

    def _place(self, one: ReportDimension, value: Value) -> tuple[str, ...]:
        if value is None:
            return ()
        if isinstance(value, tuple):
            leaf, entry_id = value
            kind = str([*ANALYTICS].index(leaf))
            return (kind, *self._references.entry(leaf, entry_id).place)
        if one.kind == "ref":
            return self._references.entry(one.of, value).place
        cell = self._cell(one, value)
        return (str(cell),)


def _time_value(one: ReportDimension, fetch: Fetch) -> Callable[[RowReading, Row], Value]:
    """The day, week or month of a record; of a virtual table that of the whole call."""
    of_day = _DATES[one.derivation]
    if fetch.source.table != "Records":
        start = of_day(fetch.first)
        return lambda _, __: start
    days: dict[str, str] = {}

    def of_record(_: RowReading, row: Row) -> Value:
        day = row["Period"][:_DAY]
        if day not in days:
            days[day] = of_day(date.fromisoformat(day))
        return days[day]

    return of_record


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


_DATES: Final[Mapping[str, Callable[[date], str]]] = {
    "day": date.isoformat,
    "weekday": lambda day: str(day.isoweekday()),
    "week": lambda day: (day - timedelta(days=day.weekday())).isoformat(),
    "month": lambda day: day.replace(day=1).isoformat(),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1).isoformat(),
    "year": lambda day: day.replace(month=1, day=1).isoformat(),
}
