"""Whether a period or a day of a comparison lies inside the books; outside, 0 is no figure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import attrs

from onecgw.analysis.figure_table import FigureTable
from onecgw.analysis.periods import DateRange
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.whole_report import whole_report
from onecgw.locales.text import say

# Dimensions with few values, so that the answers are short.
_COARSE: Final = ("firm", "warehouse")
_A_MONTH: Final = timedelta(days=31)  # at least to the end of the month in which it begins


@attrs.frozen
class BooksKey:
    """Which small report: of what is compared, at its first or its last days."""

    side: str
    end: str


def books_requests(
    tool: TableTool, when: DateRange | date, side: str, upstream: Upstream
) -> dict[BooksKey, SubRequest]:
    """The reports without filters that show whether there are books; none for some reports."""
    if tool.quiet_days is None:
        return {}
    group_by = next(name for name in _COARSE if name in tool.choices("group_by"))
    return {
        BooksKey(side, end): attrs.evolve(
            whole_report(
                tool,
                upstream,
                group_by=(group_by,),
                measures=(tool.additive[0],),
                when=part,
                filters=None,
            ),
            needed_by=(),
        )
        for end, part in _parts(when, tool.quiet_days).items()
    }


def outside_books(
    tool: TableTool, when: DateRange | date, side: str, outcomes: Mapping[Any, object]
) -> str:
    """Why a side of a comparison lies outside the books; "" if it does not, or it is not known.

    Args:
        tool: the report that is compared.
        when: the period or the day.
        side: of the keys.
        outcomes: the small reports, or why there is none.
    """
    for end, part in _parts(when, tool.quiet_days or 0).items():
        table = outcomes.get(BooksKey(side, end))
        if not isinstance(table, FigureTable):
            continue  # not known: the lists say what there is
        if isinstance(when, DateRange) and isinstance(part, DateRange):
            if not table.rows:
                return say("cycle.outside_part", period=when.text, part=part.text)
        elif not any(any(row.values.values()) for row in table.rows):
            return say("cycle.outside_day", day=part)
    return ""


def _parts(when: DateRange | date, quiet_days: int) -> dict[str, DateRange | date]:
    """A day; or of a period its first month and its last days, more than may be quiet."""
    if not isinstance(when, DateRange):
        return {"day": when}
    quiet = timedelta(days=quiet_days)
    # Only the first days are cut into months: a long period has thousands of them.
    start = DateRange(when.first, min(when.last, when.first + _A_MONTH))
    last_of_first = max(start.months[0].last, when.first + quiet)
    first = DateRange(when.first, min(when.last, last_of_first))
    last = DateRange(when.last - quiet, when.last)
    return {"first": first, "last": last} if first.days > quiet_days else {"last": last}
