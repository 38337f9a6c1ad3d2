"""The period or the day that figures are compared with."""

from datetime import date, timedelta
from typing import Final, Literal

from onecgw.analysis.periods import DateRange, compared_with, shift_months
from onecgw.catalogue.tools.parts import Period

Earlier = Literal["previous_year", "previous_period"]
EarlierDay = Literal["previous_year", "previous_month"]

_DAY: Final = timedelta(days=1)


def earlier_period(period: Period, comparison: Earlier) -> Period:
    """The period before: the same days a year earlier, or as many months or days just before."""
    days = DateRange(period.from_, period.to)
    earlier = compared_with(days, comparison) or days  # None only without a comparison
    return Period(from_=earlier.first, to=earlier.last)


def period_from(period: Period, first: date) -> Period:
    """A period from another first day on, as long as this one.

    Whole months are as many months if the other one begins with a month, too.
    """
    days = DateRange(period.from_, period.to)
    if days.is_whole_months and first.day == 1:
        return Period(from_=first, to=shift_months(first, len(days.months)) - _DAY)
    return Period(from_=first, to=first + (period.to - period.from_))


def earlier_day(day: date, comparison: EarlierDay) -> date:
    """The same day a year or a month earlier; the last day of a month stays the last one."""
    months = 12 if comparison == "previous_year" else 1
    next_day = day + _DAY
    if next_day.day == 1:
        return shift_months(next_day, -months) - _DAY
    return shift_months(day, -months)
