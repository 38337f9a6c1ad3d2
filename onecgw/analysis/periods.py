"""Ranges of days, their calendar months, and the period to compare with."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

import attrs

from onecgw.locales.text import say

MAX_MONTHS: Final = 24
_DAY: Final = timedelta(days=1)

Earlier = Literal["previous_year", "previous_period"]
EarlierDay = Literal["previous_year", "previous_month"]


@attrs.frozen
class DateRange:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def eve(self) -> date:
        """The day before the first; its closing balance is the opening balance."""
        return self.first - _DAY

    @property
    def is_whole_months(self) -> bool:
        """Whether it consists of whole calendar months."""
        return self.first.day == 1 and self.last == _month_end(self.last)

    @property
    def months(self) -> tuple["DateRange", ...]:
        """The parts that each calendar month has of it; the first and the last may be partial."""
        cut: list[DateRange] = []
        first = self.first
        while first <= self.last:
            last = min(_month_end(first), self.last)
            cut.append(DateRange(first, last))
            first = last + _DAY
        return tuple(cut)

    @property
    def key(self) -> date:
        """The first day of the month; only for a period inside one month."""
        return self.first.replace(day=1)

    @property
    def month_weight(self) -> Fraction:
        """The part of the month, 1 = the whole one; only for a period inside one month."""
        return Fraction(self.days, _month_end(self.first).day)

    def contains(self, other: "DateRange") -> bool:
        """Whether every day of the other range is in this one."""
        return self.first <= other.first and other.last <= self.last

    @property
    def text(self) -> str:
        """Both ends, in words."""
        return say("values.period", first=self.first, last=self.last)

    def __str__(self) -> str:
        return str(self.text)


def is_too_long(period: DateRange) -> bool:
    """Whether a period is longer than MAX_MONTHS months from its first day."""
    return period.last >= shift_months(period.first, MAX_MONTHS)


def compared_with(period: DateRange, comparison: Earlier) -> DateRange:
    """The period to compare with.

    previous_period: as many months before, if the period consists of whole months; else as many
    days before. previous_year: the same days a year before; a period that ends on the last day of
    a month still does.
    """
    if comparison == "previous_year":
        return _shifted(period, -12)
    if period.is_whole_months:
        return _shifted(period, -len(period.months))
    return DateRange(period.first - period.days * _DAY, period.eve)


def period_from(period: DateRange, first: date) -> DateRange:
    """A period from another first day on, as long as this one.

    Whole months are as many months if the other one begins with a month, too.
    """
    if period.is_whole_months and first.day == 1:
        return DateRange(first, shift_months(first, len(period.months)) - _DAY)
    return DateRange(first, first + (period.last - period.first))


def earlier_day(day: date, comparison: EarlierDay) -> date:
    """The same day a year or a month earlier; the last day of a month stays the last one."""
    earlier = shift_months(day, -12 if comparison == "previous_year" else -1)
    return _month_end(earlier) if day == _month_end(day) else earlier


def merged(periods: tuple[DateRange, ...]) -> tuple[DateRange, ...]:
    """The periods in order of days; two that meet where a month begins become one."""
    run: list[DateRange] = []
    for period in sorted(periods, key=lambda one: one.first):
        if run and run[-1].last == period.eve and period.first.day == 1:
            run[-1] = DateRange(run[-1].first, period.last)
        else:
            run.append(period)
    return tuple(run)


def shift_months(day: date, months: int) -> date:
    """The same day that many months later, or the last day of that month if it has fewer days."""
    number = day.year * 12 + day.month - 1 + months
    first = date(number // 12, number % 12 + 1, 1)
    return first.replace(day=min(day.day, _month_end(first).day))


def _shifted(period: DateRange, months: int) -> DateRange:
    first, last = shift_months(period.first, months), shift_months(period.last, months)
    ends_a_month = period.first < period.last == _month_end(period.last)
    return DateRange(first, _month_end(last) if ends_a_month else last)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
