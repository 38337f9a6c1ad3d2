"""A request for all rows of a report, which is read as figures or refused."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar

import attrs
import msgspec

from onecgw.analysis.figure_table import FigureTable, read_table
from onecgw.analysis.periods import DateRange
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.parsing import to_onec
from onecgw.errors import OnecBadResponse, OnecgwError
from onecgw.locales.text import join_texts, say
from onecgw.responses.notices import after_last_document, dates_of_books
from onecgw.responses.raw_json import read_members
from onecgw.responses.redaction import Redaction, redact
from onecgw.responses.response_check import check_answers_request
from onecgw.responses.units import one_currency

Value = TypeVar("Value")

_NO_FILTERS: Final = msgspec.Raw(b"{}")


def whole_report(
    tool: TableTool,
    upstream: Upstream,
    *,
    group_by: Sequence[str],
    measures: Sequence[str],
    when: DateRange | date,
    filters: object | None,
) -> SubRequest:
    """The request for every row of a report; it is read as a FigureTable.

    Args:
        tool: the report.
        upstream: of the call.
        group_by: its dimensions; they are the key of a row, in this order.
        measures: its figures.
        when: the period, or the day of the balances.
        filters: an object of the report's own class; None = no filter.
    """
    dated = {"period": when} if isinstance(when, DateRange) else {"date": when}
    request = tool.request(
        **dated,
        filters=filters,
        group_by=tuple(group_by),
        measures=tuple(measures),
        top=upstream.limits.max_analysis_rows + 1,
    )
    read = partial(
        read_whole,
        tool=tool,
        arguments=to_onec(request),
        redaction=tool.redaction(upstream.restrictions[tool.name]),
        max_rows=upstream.limits.max_analysis_rows,
    )
    return SubRequest(tool=tool, request=request, read=read, needed_by=(tool.name,))


def read_whole(
    body: bytes,
    *,
    tool: TableTool,
    arguments: Mapping[str, Any],
    redaction: Redaction | None,
    max_rows: int,
) -> FigureTable:
    """The figures of a whole report.

    Raises:
        LimitExceeded: it has more than max_rows rows.
        OnecRejected: it reports an error.
        OnecBadResponse: it answers another request, or its rows do not add up.
    """
    members = read_members(body)
    if redaction is not None:
        members = redact(members, redaction)
    notices = check_answers_request(members, arguments, with_groups=tool.filters_with_groups)
    table = read_table(
        members,
        measures=arguments["measures"],
        additive=tool.additive,
        max_rows=max_rows,
        units=tool.units,
    )
    expected = tuple(arguments["group_by"])
    if table.dimensions[: len(expected)] != expected:
        found, wanted = (", ".join(names) for names in (table.dimensions, expected))
        raise OnecBadResponse(
            say("bad_response.dimensions", report=tool.name, dimensions=found, expected=wanted)
        )
    return attrs.evolve(table, notices=notices)


def succeeded(outcome: Value | OnecgwError) -> Value:
    """The value of a request to 1C.

    Raises:
        OnecgwError: it failed, so the whole analysis is refused.
    """
    if isinstance(outcome, OnecgwError):
        raise outcome
    return outcome


def about_books(tables: Sequence[FigureTable], upstream: Upstream, last: date) -> dict[str, object]:
    """The filters that 1C applied; currency, as_of and notice, where there is something to say.

    Args:
        tables: the reports of an analysis in the base currency.
        upstream: of the call.
        last: the last day of the analysis.

    Raises:
        OnecBadResponse: the reports are in several currencies.
    """
    notices = dict.fromkeys(sentence for table in tables for sentence in table.notices)
    notices |= dict.fromkeys(after_last_document(tables[0].members, last))
    return {
        "applied_filters": tables[0].members.get("applied_filters", _NO_FILTERS),
        **currency_and_as_of(tables, upstream, has_money=True),
        **({"notice": join_texts(" ", notices)} if notices else {}),
    }


def currency_and_as_of(
    tables: Sequence[FigureTable], upstream: Upstream, *, has_money: bool
) -> dict[str, object]:
    """The members `currency`, `as_of` and `closed_until`, as 1C says them.

    has_money: without a currency of 1C's, the base currency is that of the figures.

    Raises:
        OnecBadResponse: the reports are in several currencies.
    """
    members = [table.members for table in tables]
    currency = one_currency(members) or (upstream.base_currency if has_money else "")
    dated = {name: raw for one in reversed(members) for name, raw in dates_of_books(one).items()}
    return {**({"currency": currency} if currency else {}), **dated}
