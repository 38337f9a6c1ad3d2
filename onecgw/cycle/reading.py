"""What the cycle reads of 1C's reports: totals and months, digit for digit."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from functools import reduce
from typing import Final

import attrs
import msgspec

from onecgw.cycle.spans import Span
from onecgw.errors import OnecBadResponse

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})(?!\d)", re.ASCII)
MAX_DIGITS: Final = 38  # of a number of 1C, before and after the point together
EXACT: Final = Context(prec=4 * MAX_DIGITS)  # in which sums of such numbers never round
_SMALLEST_UNIT: Final = Decimal("0.01")  # 1C rounds a cost per row and once more for the total


class FilterIgnored(OnecBadResponse):
    """1C does not confirm that a filter was applied: its figures may be of more than was asked."""


@attrs.frozen(kw_only=True)
class Amounts:
    """Money by measure. currency: as the report names it; "" if it does not."""

    of: Mapping[str, Decimal]
    currency: str


@attrs.frozen(kw_only=True)
class MonthlyAmounts:
    """Money by measure and the first day of a month. currency: as in Amounts."""

    of: Mapping[str, Mapping[date, Decimal]]
    currency: str


class _Column(msgspec.Struct):
    name: str


class _Report(msgspec.Struct):
    columns: list[_Column]
    rows: list[list[msgspec.Raw]]
    totals: dict[str, msgspec.Raw]
    applied_filters: msgspec.Raw = msgspec.Raw(b"{}")
    currency: str | None = None


class _Reference(msgspec.Struct):
    id: str


def read_balances(
    body: bytes, *, report: str, measures: Sequence[str], firm_ids: Sequence[str]
) -> Amounts:
    """The totals of a report on balances.

    Raises:
        FilterIgnored: firm_ids were asked for and are not in applied_filters.
        OnecBadResponse: a total is missing, or is no number.
    """
    found = _read_report(body, report=report, firm_ids=firm_ids)
    totals = {measure: _total(found, measure, report) for measure in measures}
    return Amounts(of=totals, currency=found.currency or "")


def read_months(
    body: bytes, *, report: str, measures: Sequence[str], firm_ids: Sequence[str], span: Span
) -> MonthlyAmounts:
    """The rows of a report that was grouped by month; they must add up to its totals.

    Raises:
        FilterIgnored: firm_ids were asked for and are not in applied_filters.
        OnecBadResponse: the shape is another one, a month lies outside of the span, or the months
            are not all there.
    """
    found = _read_report(body, report=report, firm_ids=firm_ids)
    names = [column.name for column in found.columns]
    lacking = [name for name in ("month", *measures) if name not in names]
    if lacking:
        raise OnecBadResponse(f"{report} of 1C lacks the column {', '.join(lacking)}")
    sums = {measure: {month.key: Decimal(0) for month in span.months} for measure in measures}
    for row in found.rows:
        if len(row) != len(names):
            raise OnecBadResponse(f"{report} of 1C has a row of {len(row)} cells")
        cells = dict(zip(names, row, strict=True))
        month = _month(cells["month"], report)
        for measure in measures:
            if month not in sums[measure]:
                raise OnecBadResponse(f"{report} of 1C has the month {month} outside of {span}")
            amount = _number(cells[measure], f"{report} of 1C: {measure} in {month:%Y-%m}")
            sums[measure][month] = exact_sum([sums[measure][month], amount])
    for measure in measures:
        added, total = exact_sum(sums[measure].values()), _total(found, measure, report)
        if abs(exact_sum([added, -total])) > _SMALLEST_UNIT * len(found.rows):
            raise OnecBadResponse(
                f"{report} of 1C: the months add up to {measure} {added}, its total is {total}"
            )
    return MonthlyAmounts(of=sums, currency=found.currency or "")


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """A sum without rounding: numbers of MAX_DIGITS digits never fill the context."""
    return reduce(EXACT.add, amounts, Decimal(0))


def _read_report(body: bytes, *, report: str, firm_ids: Sequence[str]) -> _Report:
    try:
        found = msgspec.json.decode(body, type=_Report)
    except msgspec.ValidationError as error:
        raise OnecBadResponse(f"{report} of 1C is not what was agreed: {error}") from None
    if firm_ids and _applied_firms(found) != {one.lower() for one in firm_ids}:
        raise FilterIgnored(
            f"firm_ids: 1C does not confirm this filter in applied_filters of {report}, so its "
            "figures may be of all firms; ask without firm_ids"
        )
    return found


def _applied_firms(report: _Report) -> set[str]:
    """The firms in applied_filters: ids, or references with an id."""
    try:
        applied = msgspec.json.decode(report.applied_filters, type=dict[str, msgspec.Raw])
        firms = msgspec.json.decode(applied["firm_ids"], type=list[str | _Reference])
    except (KeyError, msgspec.ValidationError):
        return set()
    return {(firm if isinstance(firm, str) else firm.id).lower() for firm in firms}


def _total(report: _Report, measure: str, name: str) -> Decimal:
    raw = report.totals.get(measure)
    if raw is None:
        raise OnecBadResponse(f"{name} of 1C lacks the total of {measure}")
    if bytes(raw) == b"null" and not report.rows:
        return Decimal(0)  # SQL's sum of nothing
    return _number(raw, f"{name} of 1C: the total of {measure}")


def _number(raw: msgspec.Raw, what: str) -> Decimal:
    try:
        number = msgspec.json.decode(raw, type=Decimal)
    except (msgspec.DecodeError, ArithmeticError):
        raise OnecBadResponse(f"{what} is not a number") from None
    if not number.is_finite():
        raise OnecBadResponse(f"{what} is not a number")
    if len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise OnecBadResponse(f"{what} has more than {MAX_DIGITS} digits")
    return number


def _month(raw: msgspec.Raw, report: str) -> date:
    """The first day of the month that a cell begins with, as in 2026-05-01 or 2026-05."""
    try:
        text = msgspec.json.decode(raw, type=str)
        found = _MONTH.match(text)
        if found is not None:
            return date(int(found.group(1)), int(found.group(2)), 1)
    except (msgspec.ValidationError, ValueError):
        pass  # refused below like any other cell
    raise OnecBadResponse(f"{report} of 1C has a month that is none")
