"""The calendar of a cycle: whole days, their months, and the span that another is compared with."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

import attrs

MAX_MONTHS: Final = 24
_DAY: Final = timedelta(days=1)

Comparison = Literal["none", "previous_period", "previous_year"]


@attrs.frozen
class Span:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def eve(self) -> date:
        """The day at whose end the opening balance stands."""
        return self.first - _DAY

    @property
    def is_whole_months(self) -> bool:
        """Whether it begins with a month and ends with one."""
        return self.first.day == 1 and self.last == _month_end(self.last)

    @property
    def months(self) -> tuple["Span", ...]:
        """The span cut where months end; the first and the last may be parts of a month."""
        cut: list[Span] = []
        first = self.first
        while first <= self.last:
            last = min(_month_end(first), self.last)
            cut.append(Span(first, last))
            first = last + _DAY
        return tuple(cut)

    @property
    def key(self) -> date:
        """Of a span inside one month: the first day of that month."""
        return self.first.replace(day=1)

    @property
    def month_weight(self) -> Fraction:
        """Of a span inside one month: which part of that month it is; 1 for a whole month."""
        return Fraction(self.days, _month_end(self.first).day)

    def contains(self, other: "Span") -> bool:
        """Whether every day of the other is one of its own."""
        return self.first <= other.first and other.last <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


def is_too_long(span: Span) -> bool:
    """Whether a span is longer than MAX_MONTHS months from its first day."""
    return span.last >= shift_months(span.first, MAX_MONTHS)


def compared_with(span: Span, comparison: Comparison) -> Span | None:
    """The span that a comparison asks for; None for "none".

    The previous period of whole months is as many months, else as many days. The previous year
    has the same days a year before; a span that ends with February ends with February there, a
    single day stays a single day.
    """
    match comparison:
        case "none":
            return None
        case "previous_year":
            return _shifted(span, -12)
        case "previous_period" if span.is_whole_months:
            return _shifted(span, -len(span.months))
        case "previous_period":
            return Span(span.first - span.days * _DAY, span.eve)


def merged(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The spans with those made one that touch where a month begins, in order of days."""
    run: list[Span] = []
    for span in sorted(spans, key=lambda one: one.first):
        if run and run[-1].last == span.eve and span.first.day == 1:
            run[-1] = Span(run[-1].first, span.last)
        else:
            run.append(span)
    return tuple(run)


def shift_months(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where it has no such day."""
    number = day.year * 12 + day.month - 1 + months
    first = date(number // 12, number % 12 + 1, 1)
    return first.replace(day=min(day.day, _month_end(first).day))


def _shifted(span: Span, months: int) -> Span:
    first, last = shift_months(span.first, months), shift_months(span.last, months)
    ends_a_month = span.first < span.last == _month_end(span.last)
    return Span(first, _month_end(last) if ends_a_month else last)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
