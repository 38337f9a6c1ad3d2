"""A report compared with the same report of another period or day, row by row."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import attrs
import msgspec

from onecgw.analysis.decimals import EXACT, exact_sum
from onecgw.analysis.figure_table import ZERO, FigureTable, Values, percent
from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_TIMES: Final = ("day", "week", "month", "quarter", "year")


@attrs.frozen(kw_only=True)
class MeasureChange:
    """A measure now and before; None where there is no figure."""

    now: Decimal | None
    before: Decimal | None

    @property
    def amount(self) -> Decimal | None:
        """The difference; None where one of the two has no figure."""
        if self.now is None or self.before is None:
            return None
        return EXACT.subtract(self.now, self.before)

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of the size before; None where that was 0."""
        if self.amount is None or self.before is None:
            return None
        return percent(self.amount, abs(self.before))


@attrs.frozen(kw_only=True)
class ComparedRow:
    """One object. cells: its dimensions as 1C sent them, those of now if it is there."""

    key: tuple[str, ...]
    cells: tuple[msgspec.Raw, ...]
    changes: Mapping[str, MeasureChange]


@attrs.frozen(kw_only=True)
class Comparison:
    """Two reports side by side.

    appeared, gone: the number of rows that only one of them has; None where one is not known.
    """

    rows: tuple[ComparedRow, ...]
    totals: Mapping[str, MeasureChange]
    appeared: int | None
    gone: int | None


def compare_tables(now: FigureTable, before: FigureTable) -> Comparison:
    """Compare two whole reports of the same dimensions and measures.

    A row that only one report has counts as 0 of each additive measure in the other one; its ratios
    have no figure there.

    Raises:
        OnecBadResponse: the reports have other dimensions, or the changes of the rows do not add up
            to the change of the total.
    """
    if now.dimensions != before.dimensions:
        raise OnecBadResponse(
            say(
                "bad_response.two_columns",
                now=", ".join(now.dimensions),
                before=", ".join(before.dimensions),
            )
        )

    def changes(later: Values, earlier: Values) -> dict[str, MeasureChange]:
        return {
            measure: MeasureChange(
                now=_figure(later, measure, now.additive),
                before=_figure(earlier, measure, now.additive),
            )
            for measure in now.measures
        }

    later = {row.key: row.values for row in now.rows}
    earlier = {row.key: row.values for row in before.rows}
    cells = {row.key: row.cells for row in (*before.rows, *now.rows)}
    rows = tuple(
        ComparedRow(
            key=key, cells=cells[key], changes=changes(later.get(key, {}), earlier.get(key, {}))
        )
        for key in cells
    )
    totals = changes(now.totals, before.totals)
    for measure in sorted(now.additive - now.unlike - before.unlike):
        added = sum_of_changes(rows, measure).amount
        if added != (changed := totals[measure].amount):
            raise OnecBadResponse(
                say("bad_response.changes", measure=measure, added=added, changed=changed)
            )
    return Comparison(
        rows=rows,
        totals=totals,
        appeared=len(later.keys() - earlier.keys()),
        gone=len(earlier.keys() - later.keys()),
    )


def sum_of_changes(rows: Iterable[ComparedRow], measure: str) -> MeasureChange:
    """An additive measure of several rows together."""
    changes = [row.changes[measure] for row in rows]
    return MeasureChange(
        now=_sum([change.now for change in changes]),
        before=_sum([change.before for change in changes]),
    )


def without_unknown(comparison: Comparison, unknown: Collection[str]) -> Comparison:
    """The comparison without the figures of a side: of `now`, of `before`, or of both."""
    if not unknown:
        return comparison

    def known(changes: Mapping[str, MeasureChange]) -> dict[str, MeasureChange]:
        return {
            measure: MeasureChange(
                now=None if "now" in unknown else change.now,
                before=None if "before" in unknown else change.before,
            )
            for measure, change in changes.items()
        }

    return Comparison(
        rows=tuple(attrs.evolve(row, changes=known(row.changes)) for row in comparison.rows),
        totals=known(comparison.totals),
        appeared=None,
        gone=None,
    )


def _sum(figures: list[Decimal | None]) -> Decimal | None:
    """The sum; None where there is a row, and no row has a figure."""
    if figures and all(figure is None for figure in figures):
        return None
    return exact_sum(figure or ZERO for figure in figures)


def aligned(table: FigureTable, first: date) -> FigureTable:
    """The table with the times in its keys counted from the beginning of its period.

    The third month of one period is compared with the third month of the other one.

    Args:
        table: a report of a period.
        first: the first day of the period.

    Raises:
        OnecBadResponse: a day, week or month is not a date.
    """
    places = [index for index, name in enumerate(table.dimensions) if name in _TIMES]
    if not places:
        return table
    return attrs.evolve(
        table,
        rows=tuple(
            attrs.evolve(
                row,
                key=tuple(
                    _position(row.cells[index], table.dimensions[index], first)
                    if index in places
                    else key
                    for index, key in enumerate(row.key)
                ),
            )
            for row in table.rows
        ),
    )


def _position(cell: msgspec.Raw, dimension: str, first: date) -> str:
    """How many days, weeks, months, quarters or years after the first one a cell is."""
    try:
        text = msgspec.json.decode(cell, type=str)[:10]
        day = date.fromisoformat(text if len(text) > len("2026-05") else f"{text}-01")
    except (msgspec.ValidationError, ValueError):
        raise OnecBadResponse(say("bad_response.bad_date", name=dimension)) from None
    if dimension in _MONTHS:
        months = (day.year - first.year) * 12 + day.month - first.month
        # Rounded up, because the first part may begin before the period.
        return f"{-(-months // _MONTHS[dimension])}"
    if dimension == "week":
        first -= timedelta(days=first.weekday())
    return f"{(day - first).days}"


def _figure(values: Values, measure: str, additive: Collection[str]) -> Decimal | None:
    value = values.get(measure)
    return ZERO if value is None and measure in additive else value
