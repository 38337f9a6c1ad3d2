"""A period as a person writes it in a prompt: a month, or two days."""

import calendar
from datetime import date, timedelta

import attrs

from onecgw.catalogue.period_text import SPELLED, read_period_text
from onecgw.catalogue.scalars import read_day
from onecgw.errors import Problem, ValidationFailed


@attrs.frozen
class Span:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def before(self) -> "Span":
        """The span to compare with: the month before a month, else as many days before."""
        last = self.first - timedelta(days=1)
        if self == month_of(self.first):
            return month_of(last)
        return Span(last - (self.last - self.first), last)


def month_of(day: date) -> Span:
    """The calendar month of a day."""
    length = calendar.monthrange(day.year, day.month)[1]
    return Span(day.replace(day=1), day.replace(day=length))


def last_months(today: date, count: int) -> list[str]:
    """The last full months, newest first, as they are written."""
    months, day = [], today
    for _ in range(count):
        day = day.replace(day=1) - timedelta(days=1)
        months.append(f"{day:%Y-%m}")
    return months


def read_span(text: str, *, today: date) -> Span:
    """The span that a person means; "" is the last full month.

    Raises:
        ValidationFailed: it is not SPELLED, or ends before it begins.
    """
    if not text.strip():
        return month_of(today.replace(day=1) - timedelta(days=1))
    try:
        if days := read_period_text(text):
            span = Span(read_day(days[0]), read_day(days[1]))
            if span.first <= span.last:
                return span
    except ValidationFailed:
        pass  # a month or a day that does not exist, or that no books reach
    raise ValidationFailed((Problem(path="period", message=f"{SPELLED} is expected"),))
