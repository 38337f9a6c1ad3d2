"""The company's time: its first day, its seasons and week, and the months of the scenario."""

from datetime import date, timedelta
from typing import Final

import attrs

FULL_MONTHS: Final = 24
SCENARIO_MONTHS: Final = 3
YEARLY_GROWTH: Final = 1.06
DAYS_A_YEAR: Final = 365.25
DAYS_A_MONTH: Final = DAYS_A_YEAR / 12

_ORDINAL_TO_JULIAN: Final = 1_721_425
_SEASON: Final = {1: 0.75, 2: 0.92, 11: 1.5, 12: 1.5}
_AVERAGE_SEASON: Final = sum(_SEASON.get(month, 1.0) for month in range(1, 13)) / 12
_WHOLESALE_WEEK: Final = (1.25, 1.3, 1.2, 1.2, 1.15, 0.0, 0.0)
_RETAIL_WEEK: Final = (0.85, 0.85, 0.9, 0.95, 1.15, 1.4, 0.9)


def day_number(day: date) -> int:
    """The Julian day number of a day; a Monday's is divisible by 7."""
    return day.toordinal() + _ORDINAL_TO_JULIAN


def date_of(number: int) -> date:
    """The day with a Julian day number."""
    return date.fromordinal(number - _ORDINAL_TO_JULIAN)


def month_start(day: date) -> date:
    """The first day of the month of a day."""
    return day.replace(day=1)


def months_before(day: date, months: int) -> date:
    """The first day of the month that lies so many months before the month of a day."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def year_before(day: date) -> date:
    """The same day of the year before; the 28th for a 29 February."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


@attrs.frozen(kw_only=True)
class Calendar:
    """The days that the books cover: 24 full months and the month of `today` up to it."""

    today: date

    @property
    def first_day(self) -> date:
        """The first day with documents."""
        return months_before(self.today, FULL_MONTHS)

    @property
    def opening_day(self) -> date:
        """The day at whose end the opening balances stand."""
        return self.first_day - timedelta(days=1)

    @property
    def days(self) -> list[date]:
        """Every day of the books, in order."""
        return [
            self.first_day + timedelta(days=number)
            for number in range((self.today - self.first_day).days + 1)
        ]

    @property
    def scenario_from(self) -> date:
        """The first day of the three full months in which the scenario happens."""
        return months_before(self.today, SCENARIO_MONTHS)

    @property
    def scenario_to(self) -> date:
        """The last day of the scenario: the end of the month before this one."""
        return month_start(self.today) - timedelta(days=1)

    def activity(self, day: date) -> float:
        """How busy the company is on a day against its average: the season and the growth."""
        years = (day - self.first_day).days / DAYS_A_YEAR
        growth: float = YEARLY_GROWTH ** (years - FULL_MONTHS / 24)
        return _SEASON.get(day.month, 1.0) / _AVERAGE_SEASON * growth

    def wholesale(self, day: date) -> float:
        """The activity of a day in wholesale, which rests on Saturday and Sunday."""
        return self.activity(day) * _WHOLESALE_WEEK[day.weekday()] * 7 / sum(_WHOLESALE_WEEK)

    def retail(self, day: date) -> float:
        """The activity of a day in the shops and online, busiest on Saturday."""
        return self.activity(day) * _RETAIL_WEEK[day.weekday()] * 7 / sum(_RETAIL_WEEK)


def is_workday(day: date) -> bool:
    """Banks and suppliers work from Monday to Friday."""
    return day.weekday() < 5  # noqa: PLR2004 - Saturday is 5 in datetime's own numbering


def next_workday(day: date) -> date:
    """The day itself, or the Monday after it."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day
