"""A period as a person writes it in a prompt: a month, or two days."""

import calendar
import re
from datetime import date, timedelta
from typing import Final

from onecgw.analysis.periods import DateRange
from onecgw.catalogue.scalars import read_day
from onecgw.errors import Problem, ValidationFailed

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAYS: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.| - | – |/)(\d{4}-\d{2}-\d{2})", re.ASCII)

PERIOD_FORMAT: Final = "YYYY-MM or YYYY-MM-DD..YYYY-MM-DD"


def read_period(text: str, *, today: date) -> DateRange:
    """The period that a text means; a blank text means the last full month.

    Raises:
        ValidationFailed: the text has another format than PERIOD_FORMAT, or ends before it begins.
    """
    if not text.strip():
        return _month_of(today.replace(day=1) - timedelta(days=1))
    try:
        if month := _MONTH.fullmatch(text.strip()):
            return _month_of(read_day(f"{month[0]}-01"))
        if days := _DAYS.fullmatch(text.strip()):
            period = DateRange(read_day(days[1]), read_day(days[2]))
            if period.first <= period.last:
                return period
    except ValidationFailed:
        pass  # a month or a day that does not exist, or is too early or too late
    raise ValidationFailed((Problem(path="period", message=f"{PERIOD_FORMAT} is expected"),))


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
