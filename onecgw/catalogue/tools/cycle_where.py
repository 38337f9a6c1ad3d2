"""Where the balances of the cycle changed: what moved each of them most between two days."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import attrs

from onecgw.analysis.comparison import ComparedRow, MeasureChange, compare_tables, sum_of_changes
from onecgw.analysis.cycle.figures import PeriodData
from onecgw.analysis.decimals import EXACT
from onecgw.analysis.figure_table import ZERO, FigureTable
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.cycle_plan import BALANCE_SOURCES, CyclePlan, Source, first_open_day
from onecgw.catalogue.tools.table_labels import label_alone
from onecgw.catalogue.tools.whole_report import whole_report
from onecgw.errors import OnecBadResponse, OnecgwError
from onecgw.locales.text import say

MOST: Final = 3

FIGURES: Final = ("before", "now", "change")

Side = Literal["now", "before"]
SIDES: Final[tuple[Side, ...]] = ("now", "before")
Json = dict[str, object]


@attrs.frozen
class WhereKey:
    """Which list: of a balance, at the end of one of the two periods."""

    series: str
    side: Side


def where_requests(cycle_plan: CyclePlan, upstream: Upstream) -> dict[WhereKey, SubRequest]:
    """The six lists; none without a comparison. The cycle itself does not need them."""
    if cycle_plan.before is None:
        return {}
    days: dict[Side, date] = {"now": cycle_plan.period.last, "before": cycle_plan.before.last}
    found = {}
    for source in BALANCE_SOURCES:
        measure, series = _explained_measure(source)
        for side, day in days.items():
            request = whole_report(
                source.tool,
                upstream,
                group_by=(source.explained_by,),
                measures=(measure,),
                when=day,
                filters=cycle_plan.filters_of(source.tool),
            )
            is_settled = day < first_open_day(upstream.now)
            found[WhereKey(series, side)] = attrs.evolve(
                request, needed_by=(), is_settled=is_settled
            )
    return found


def where_of(data: Sequence[PeriodData], outcomes: Mapping[Any, object]) -> Json | None:
    """What moved each balance most, from the end of the period before to the end of this one.

    Args:
        data: of this period and, with a comparison, of the one before.
        outcomes: the lists by WhereKey, or why there is none.

    Returns:
        For each balance the rows that changed most, the rest and the total, to which they add up;
        or the reason why there are none. None without a comparison.
    """
    if len(data) == 1:
        return None
    now, before = data
    return {
        "dates": {"before": before.period.last, "now": now.period.last},
        "columns": ("label", *FIGURES),
        **{
            _explained_measure(source)[1]: _explained(source, data, outcomes)
            for source in BALANCE_SOURCES
        },
    }


def _explained_measure(source: Source) -> tuple[str, str]:
    """The measure of the report whose change is explained, and its series."""
    return next(iter(source.series.items()))


def _explained(source: Source, data: Sequence[PeriodData], outcomes: Mapping[Any, object]) -> Json:
    if outside := [one.outside for one in data if one.outside]:
        return {"reason": outside[0]}
    measure, series = _explained_measure(source)
    try:
        now, before = (
            _table(source, outcomes.get(WhereKey(series, side)), one)
            for side, one in zip(SIDES, data, strict=True)
        )
        comparison = compare_tables(now, before)
    except OnecgwError as error:
        return {"reason": error.reason}
    rows = sorted(comparison.rows, key=lambda row: _size(row, measure), reverse=True)
    below = rows[MOST:]
    return {
        "by": source.explained_by,
        "rows": [
            [label_alone(row.cells[0]), *_figures(row.changes[measure])] for row in rows[:MOST]
        ],
        "rest": [len(below), *_figures(sum_of_changes(below, measure))],
        "total": [len(rows), *_figures(comparison.totals[measure])],
    }


def _table(source: Source, outcome: object, data: PeriodData) -> FigureTable:
    """The list, whose total is the balance that the cycle is computed from.

    Raises:
        OnecgwError: there is none, or it comes to another figure.
    """
    if isinstance(outcome, OnecgwError):
        raise outcome
    named = {"report": source.tool.name, "by": source.explained_by}
    if not isinstance(outcome, FigureTable):
        raise OnecBadResponse(say("cycle.where_unread", **named))
    measure, series = _explained_measure(source)
    day, total = data.period.last, outcome.total(measure)
    balance = data.balances.get(series, {}).get(day)
    if balance is not None and balance != total:
        raise OnecBadResponse(
            say("cycle.where_differs", **named, total=total, day=day, balance=balance)
        )
    return outcome


def _size(row: ComparedRow, measure: str) -> Decimal:
    return EXACT.abs(row.changes[measure].amount or ZERO)


def _figures(change: MeasureChange) -> tuple[Decimal | None, ...]:
    return change.before, change.now, change.amount
