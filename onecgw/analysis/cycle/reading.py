"""Reads totals and months from the reports of 1C, with every digit that 1C sent."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import attrs
import msgspec

from onecgw.analysis.decimals import MAX_DIGITS, exact_sum
from onecgw.analysis.periods import DateRange
from onecgw.errors import OnecBadResponse, OnecError
from onecgw.locales.text import say
from onecgw.responses.notices import dates_of_books
from onecgw.responses.raw_json import Members, is_null, object_in, read_members
from onecgw.responses.response_check import (
    FilterIgnored,
    applied_values,
    check_answers_request,
    comparable,
)
from onecgw.responses.units import currency_of

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})(?!\d)", re.ASCII)
_SMALLEST_UNIT: Final = Decimal("0.01")  # 1C rounds a cost per row and once more for the total


@attrs.frozen(kw_only=True)
class Amounts:
    """Amounts by measure.

    currency: as the report names it; "" = it does not.
    dated: `as_of` and `closed_until`, as far as the report names them.
    """

    of: Mapping[str, Decimal]
    currency: str
    dated: Mapping[str, msgspec.Raw] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class MonthlyAmounts:
    """Amounts by measure and the first day of the month.

    unreadable: measure → why it is not in `of`. currency, dated: as in Amounts.
    """

    of: Mapping[str, Mapping[date, Decimal]]
    unreadable: Mapping[str, OnecBadResponse]
    currency: str
    dated: Mapping[str, msgspec.Raw] = attrs.field(factory=dict)


class _Column(msgspec.Struct):
    name: str


class _Report(msgspec.Struct):
    rows: list[msgspec.Raw]
    totals: Members
    columns: msgspec.Raw = msgspec.Raw(b"[]")


def read_balances(
    body: bytes, *, report: str, measures: Sequence[str], firm_ids: Sequence[str], day: date
) -> Amounts:
    """The totals of a report on the balances of a day.

    Every measure must be readable, because the answer may be cached.

    Raises:
        FilterIgnored: firm_ids were requested and are not in applied_filters.
        OnecBadResponse: the report is of another day, or a total is missing or no number.
    """
    found, members = _read_report(body, {"date": str(day)}, report=report, firm_ids=firm_ids)
    totals = {measure: _total(found, measure, report) for measure in measures}
    return Amounts(of=totals, currency=currency_of(members), dated=dates_of_books(members))


def read_months(
    body: bytes, *, report: str, measures: Sequence[str], firm_ids: Sequence[str], period: DateRange
) -> MonthlyAmounts:
    """The months of a report that is grouped by month; they must add up to its totals.

    Raises:
        FilterIgnored: firm_ids were requested and are not in applied_filters.
        OnecBadResponse: the report is of another period, has the wrong shape or a month outside
            the period, or no measure can be read.
    """
    arguments = {"period": {"from": str(period.first), "to": str(period.last)}}
    found, members = _read_report(body, arguments, report=report, firm_ids=firm_ids)
    rows = _rows(found, report, period)
    readable: dict[str, Mapping[date, Decimal]] = {}
    unreadable: dict[str, OnecBadResponse] = {}
    for measure in measures:
        try:
            sums = _series(rows, measure, report, period)
            _check_total(found, sums, measure, report)
            readable[measure] = sums
        except OnecBadResponse as error:
            unreadable[measure] = error
    if not readable:
        raise next(iter(unreadable.values()))
    return MonthlyAmounts(
        of=readable,
        unreadable=unreadable,
        currency=currency_of(members),
        dated=dates_of_books(members),
    )


def _rows(
    found: _Report, report: str, period: DateRange
) -> list[tuple[date, dict[str, msgspec.Raw]]]:
    """The month of each row, and its cells by column."""
    try:
        names = [one.name for one in msgspec.json.decode(found.columns, type=list[_Column])]
        rows = [msgspec.json.decode(row, type=list[msgspec.Raw]) for row in found.rows]
    except msgspec.ValidationError as error:
        raise OnecBadResponse(
            say("bad_response.report_shape", report=report, fault=error)
        ) from None
    if "month" not in names:
        raise OnecBadResponse(say("bad_response.report_column", report=report, column="month"))
    months = {month.key for month in period.months}
    read: list[tuple[date, dict[str, msgspec.Raw]]] = []
    for row in rows:
        if len(row) != len(names):
            raise OnecBadResponse(say("bad_response.report_row", report=report, cells=len(row)))
        cells = dict(zip(names, row, strict=True))
        month = _month(cells["month"], report)
        if month not in months:
            raise OnecBadResponse(
                say("bad_response.month_outside", report=report, month=month, period=period.text)
            )
        read.append((month, cells))
    return read


def _series(
    rows: list[tuple[date, dict[str, msgspec.Raw]]], measure: str, report: str, period: DateRange
) -> dict[date, Decimal]:
    """The sums of a measure by month; 0 for a month without rows."""
    sums = {month.key: Decimal(0) for month in period.months}
    for month, cells in rows:
        if measure not in cells:
            raise OnecBadResponse(say("bad_response.report_column", report=report, column=measure))
        amount = _number(
            cells[measure],
            say("values.cell", report=report, measure=measure, month=f"{month:%Y-%m}"),
        )
        sums[month] = exact_sum([sums[month], amount])
    return sums


def _check_total(found: _Report, sums: Mapping[date, Decimal], measure: str, report: str) -> None:
    added, total = exact_sum(sums.values()), _total(found, measure, report)
    if abs(exact_sum([added, -total])) > _SMALLEST_UNIT * len(found.rows):
        raise OnecBadResponse(
            say("bad_response.months", report=report, measure=measure, added=added, total=total)
        )


def _read_report(
    body: bytes, arguments: Mapping[str, object], *, report: str, firm_ids: Sequence[str]
) -> tuple[_Report, Members]:
    """The report and its members, if it belongs to the request and confirms the filter."""
    try:
        members = read_members(body)
        check_answers_request(members, arguments)
        object_in(members.get("totals"), "totals")
        found = msgspec.json.decode(body, type=_Report)
    except OnecError as error:
        raise type(error)(say("onec.of_report", report=report, message=error.message)) from error
    except msgspec.ValidationError as error:
        raise OnecBadResponse(
            say("bad_response.report_shape", report=report, fault=error)
        ) from None
    if firm_ids and _applied_firms(members) != comparable(firm_ids):
        raise FilterIgnored(say("bad_response.firms_ignored", report=report))
    return found, members


def _applied_firms(members: Members) -> frozenset[str]:
    """The ids of the firms in applied_filters, where they stand as ids or as references."""
    try:
        applied = msgspec.json.decode(members.get("applied_filters", b"{}"), type=Members)
    except msgspec.ValidationError:
        return frozenset()
    return applied_values(applied.get("firm_ids", msgspec.Raw(b"null")))


def _total(report: _Report, measure: str, name: str) -> Decimal:
    raw = report.totals.get(measure)
    if raw is None:
        raise OnecBadResponse(say("bad_response.lacks_total", report=name, measure=measure))
    if is_null(raw) and not report.rows:
        return Decimal(0)  # in SQL the sum of no rows is null
    return _number(raw, say("values.total", report=name, measure=measure))


def _number(raw: msgspec.Raw, what: str) -> Decimal:
    try:
        number = msgspec.json.decode(raw, type=Decimal)
    except (msgspec.DecodeError, ArithmeticError):
        raise OnecBadResponse(say("bad_response.no_number", what=what)) from None
    if not number.is_finite():
        raise OnecBadResponse(say("bad_response.no_number", what=what))
    if len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise OnecBadResponse(say("bad_response.many_digits", what=what, digits=MAX_DIGITS))
    return number


def _month(raw: msgspec.Raw, report: str) -> date:
    """The first day of the month in a cell such as 2026-05-01 or 2026-05."""
    try:
        text = msgspec.json.decode(raw, type=str)
        found = _MONTH.match(text)
        if found is not None:
            return date(int(found.group(1)), int(found.group(2)), 1)
    except (msgspec.ValidationError, ValueError):
        pass  # refused below like any other cell
    raise OnecBadResponse(say("bad_response.report_month", report=report))
