"""The last day of a period on which a report has figures: where the books end."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

import msgspec

from onecgw.analysis.periods import DateRange
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import SubRequest
from onecgw.catalogue.parsing import to_onec
from onecgw.catalogue.tools.parts import Sort
from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.raw_json import decode, read_members
from onecgw.responses.response_check import check_answers_request
from onecgw.responses.table_rows import ResponseColumn


def last_day_of(tool: TableTool, period: DateRange, filters: object | None = None) -> SubRequest:
    """The request for the last day; it is read as a date, or None if there is no day."""
    request = tool.request(
        period=period,
        filters=filters,
        group_by=("day",),
        measures=(tool.additive[0],),
        sort=(Sort(field="day", dir="desc"),),
        top=1,
    )
    read = partial(read_last_day, tool=tool, arguments=to_onec(request))
    return SubRequest(tool=tool, request=request, read=read)


def read_last_day(body: bytes, *, tool: TableTool, arguments: Mapping[str, Any]) -> date | None:
    """The latest day of the rows; None if there are no rows.

    Raises:
        OnecRejected: it reports an error.
        OnecBadResponse: it answers another request, or has no days.
    """
    members = read_members(body)
    check_answers_request(members, arguments, with_groups=tool.filters_with_groups)
    columns = decode(members.get("columns"), list[ResponseColumn], "columns")
    rows = decode(members.get("rows"), list[list[msgspec.Raw]], "rows")
    place = next((index for index, one in enumerate(columns) if one.name == "day"), None)
    if place is None or any(len(row) != len(columns) for row in rows):
        raise OnecBadResponse(say("bad_response.report_column", report=tool.name, column="day"))
    try:
        days = [date.fromisoformat(decode(row[place], str, "day")[:10]) for row in rows]
    except ValueError:
        raise OnecBadResponse(say("bad_response.report_day", report=tool.name)) from None
    return max(days, default=None)
