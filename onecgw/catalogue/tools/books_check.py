"""Whether a period or a day of a comparison lies in the books: beyond them 0 is no figure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, get_args

import attrs

from onecgw.analysis.figure_table import FigureTable
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds import CompositeContext, SubRequest, TableTool
from onecgw.catalogue.tools.parts import Period
from onecgw.catalogue.tools.whole_report import whole_report
from onecgw.locales.text import say

# Few values, so that the answers are short.
_COARSE: Final = ("firm", "warehouse")


@attrs.frozen
class BooksKey:
    """Which small report: of what is compared, at its first or its last days."""

    side: str
    end: str


def books_requests(
    tool: TableTool, when: Period | date, side: str, context: CompositeContext
) -> dict[BooksKey, SubRequest]:
    """The reports without filters that tell whether there are books; none for some reports."""
    if tool.quiet_days is None:
        return {}
    group_by = next(name for name in _COARSE if name in _dimensions(tool))
    return {
        BooksKey(side, end): attrs.evolve(
            whole_report(
                tool,
                context,
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
    tool: TableTool, when: Period | date, side: str, outcomes: Mapping[Any, object]
) -> str:
    """Why a side of a comparison is beyond the books; "" if it is not, or is not known to be.

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
        if isinstance(part, Period):
            if not table.rows:
                return say("cycle.outside_part", period=_dates_of(when), part=_dates_of(part))
        elif not any(any(row.values.values()) for row in table.rows):
            return say("cycle.outside_day", day=part)
    return ""


def _parts(when: Period | date, quiet_days: int) -> dict[str, Period | date]:
    """A day; or of a period its first month and its last days, more than may be quiet."""
    if not isinstance(when, Period):
        return {"day": when}
    quiet = timedelta(days=quiet_days)
    month_end = (when.from_.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    found: dict[str, Period | date] = {}
    first = Period(from_=when.from_, to=min(when.to, max(month_end, when.from_ + quiet)))
    if first.to - first.from_ >= quiet:
        found["first"] = first
    found["last"] = Period(from_=when.to - quiet, to=when.to)
    return found


def _dimensions(tool: TableTool) -> tuple[str, ...]:
    [field] = [one for one in fields_of(tool.request) if one.name == "group_by"]
    return get_args(get_args(field.type)[0])


def _dates_of(when: Period | date) -> str:
    if isinstance(when, Period):
        return say("values.period", first=when.from_, last=when.to)
    return f"{when}"
