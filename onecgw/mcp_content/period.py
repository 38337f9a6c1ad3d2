"""A period as a person writes it in a prompt: a month, or two days."""

import calendar
from datetime import date, timedelta

from onecgw.analysis.periods import DateRange
from onecgw.catalogue.period_text import read_period_text
from onecgw.catalogue.scalars import read_day
from onecgw.errors import Problem, ValidationFailed
from onecgw.locales.text import say


def read_period(text: str, *, today: date) -> DateRange:
    """The period that a text means; a blank text means the last full month.

    Raises:
        ValidationFailed: the text has no format of a period, or ends before it begins.
    """
    if not text.strip():
        return _month_of(today.replace(day=1) - timedelta(days=1))
    try:
        if days := read_period_text(text):
            period = DateRange(read_day(days[0]), read_day(days[1]))
            if period.first <= period.last:
                return period
    except ValidationFailed:
        pass  # a month or a day that does not exist, or is too early or too late
    raise ValidationFailed(
        (
            Problem(
                path="period", message=say("errors.period_expected", form=say("errors.period_form"))
            ),
        )
    )


def period_before(period: DateRange) -> DateRange:
    """The period to compare with: of a month the month before, else as many days before."""
    if period == _month_of(period.first):
        return _month_of(period.eve)
    return DateRange(period.eve - (period.last - period.first), period.eve)


def last_months(today: date, count: int) -> list[str]:
    """The last full months as YYYY-MM, newest first."""
    months, day = [], today
    for _ in range(count):
        day = day.replace(day=1) - timedelta(days=1)
        months.append(f"{day:%Y-%m}")
    return months


def _month_of(day: date) -> DateRange:
    length = calendar.monthrange(day.year, day.month)[1]
    return DateRange(day.replace(day=1), day.replace(day=length))
