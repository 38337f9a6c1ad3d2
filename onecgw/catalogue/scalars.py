"""Single JSON values → Python values, forgiving only what models are known to get wrong."""

import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Final

import attrs

from onecgw.errors import Problem, ValidationFailed
from onecgw.locales.text import say
from onecgw.text import canonical_id

SHOWN_CHARACTERS: Final = 60
GOT: Final = "errors.got"  # the key of a text on a value that is not accepted
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_YEAR: Final = 1900  # what lies before has no books; 1C writes 0001-01-01 for "no day"
LAST_YEAR: Final = 2999
WHOLE_NUMBER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
LARGEST_WHOLE_NUMBER: Final = 10**18


def shown(value: object) -> str:
    """A value for an error text: bounded, on one line, safe to encode."""
    match value:
        case None | bool() | {} | [] if not value or value is True:
            return json.dumps(value)
        case dict():
            return say("values.object")
        case list():
            return say("values.array")
        case int() if abs(value) > LARGEST_WHOLE_NUMBER:
            return say("values.long_number")
        case _:
            text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
            return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def refused(expected: str, value: object) -> ValidationFailed:
    """The problem of one value; the caller adds the path to the value."""
    return ValidationFailed((Problem(path="", message=got(expected, value)),))


def got(expected: str, value: object) -> str:
    """What is expected, and what came instead."""
    return say(GOT, expected=expected, value=shown(value))


def beneath(key: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a member, with their paths from the object that holds it."""
    return [
        attrs.evolve(problem, path=key + _joint(problem.path) + problem.path)
        for problem in problems
    ]


def _joint(path: str) -> str:
    return "" if path == "" or path.startswith("[") else "."


def read_text(value: object) -> str:
    """A text with something in it, also as a whole number; a GUID in the form that 1C reads."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(read_integer(value))  # ids and codes of 1C may be numbers
    if not isinstance(value, str) or not value.strip():
        raise refused(say("errors.text"), value)
    return canonical_id(value)


def read_integer(value: object) -> int:
    """A whole number of at most 18 digits; also as "10" or 10.0."""
    if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE_NUMBER:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= LARGEST_WHOLE_NUMBER:
        raise refused(say("errors.whole_number"), value)
    return value


def read_boolean(value: object) -> bool:
    """A boolean; also as "true" or "false"."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise refused(say("errors.boolean"), value)


def read_day(value: object) -> date:
    """A day of the calendar, YYYY-MM-DD."""
    if not isinstance(value, str) or not DAY.fullmatch(value.strip()):
        raise refused(say("errors.day"), value)
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        raise refused(say("errors.existing_day"), value) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise refused(say("errors.years", first=FIRST_YEAR, last=LAST_YEAR), value)
    return day
