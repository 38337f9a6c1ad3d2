"""A period as one text: a month, a day, or two days."""

import calendar
import re
from datetime import date
from typing import Final

PERIOD_FORMAT: Final = "YYYY-MM or YYYY-MM-DD..YYYY-MM-DD"

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_DAYS: Final = re.compile(rf"({_DAY})(?:(?:\s*\.\.\s*|\s*[–—]\s*| - |/)({_DAY}))?", re.ASCII)


def read_period_text(text: str) -> tuple[str, str] | None:
    """The first and the last day of a period, as texts; None if it is not PERIOD_FORMAT.

    The days may not exist, or stand in the wrong order: the caller checks that.
    """
    if month := _MONTH.fullmatch(text.strip()):
        return f"{month[0]}-01", f"{month[0]}-{_last_day_of(int(month[1]), int(month[2])):02}"
    if days := _DAYS.fullmatch(text.strip()):
        return days[1], days[2] or days[1]
    return None


def _last_day_of(year: int, month: int) -> int:
    if not (date.min.year <= year and 1 <= month <= 12):  # noqa: PLR2004 - months of a year
        return 1  # refused as a month that does not exist
    return calendar.monthrange(year, month)[1]
