"""The functions of filters that SQLite lacks: folding, ПОДОБНО, calculations with dates."""

import re
import sqlite3
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def add_functions(db: sqlite3.Connection) -> None:
    """Give a connection the functions that the SQL of filters calls."""
    for name, arguments, function in (
        ("onec_fold", 1, _fold),
        ("onec_like", 2, _like),
        ("onec_ends", 2, _ends),
        ("onec_date_add", 3, _date_add),
        ("onec_date_difference", 3, _date_difference),
    ):
        db.create_function(name, arguments, function, deterministic=True)


def _fold(text: str | None) -> str | None:
    # Not casefold: the length must stay, so that the ends of words can be compared.
    return None if text is None else text.lower()


def _ends(text: str | None, end: str) -> bool | None:
    return None if text is None else text.lower().endswith(end.lower())


def _like(text: str | None, pattern: str) -> bool | None:
    return None if text is None else _pattern(pattern).fullmatch(text) is not None


@lru_cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of ПОДОБНО: %, _, [abc], [^abc]."""
    pieces = re.split(r"(\[\^?[^\]]+\]|%|_)", pattern)
    return re.compile(
        "".join(
            {"%": ".*", "_": "."}.get(piece)
            or (
                _of_class(piece)
                if piece.startswith("[") and piece.endswith("]")
                else re.escape(piece)
            )
            for piece in pieces
        ),
        re.IGNORECASE | re.DOTALL,
    )


def _of_class(piece: str) -> str:
    inner = piece[1:-1]
    negated, signs = ("^", inner[1:]) if inner.startswith("^") else ("", inner)
    escaped = re.sub(r"([^\w-])", r"\\\1", signs)
    return f"[{negated}{escaped}]"


def _date_add(text: str | None, unit: str, number: float) -> str | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if unit in _MONTHS:
        months = moment.year * 12 + moment.month - 1 + int(number) * _MONTHS[unit]
        first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
        last = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
        moment = first.replace(day=min(moment.day, last))
    elif unit in _SECONDS:
        moment += timedelta(seconds=int(number) * _SECONDS[unit])
    return moment.isoformat()


def _date_difference(first: str | None, second: str | None, unit: str) -> int | None:
    """How many boundaries of a unit lie between two dates, as РАЗНОСТЬДАТ counts."""
    if first is None or second is None:
        return None
    one, other = datetime.fromisoformat(first), datetime.fromisoformat(second)
    if unit in _MONTHS:
        months = _MONTHS[unit]
        return (other.year * 12 + other.month - 1) // months - (
            one.year * 12 + one.month - 1
        ) // months
    if unit not in _SECONDS:
        return None
    start = datetime(1, 1, 1)  # noqa: DTZ001 - 1C's dates have no zone
    seconds = _SECONDS[unit]
    return (other - start) // timedelta(seconds=seconds) - (one - start) // timedelta(
        seconds=seconds
    )
