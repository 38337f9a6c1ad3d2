"""The URL grammar of 1C's OData: literals, arguments of virtual tables, encoded length."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Final
from urllib.parse import quote

import attrs

# Only what 1C itself writes unencoded. A space must be %20: 1C does not read `+` as a space.
_SAFE_IN_PATH: Final = "(),=':"
_SAFE_IN_QUERY: Final = "(),':/;="
_FORMAT: Final = ("$format", "application/json;odata=nometadata")
_LAST_SECOND: Final = time(23, 59, 59)


class Spelling(Enum):
    """Where the arguments of a virtual table stand.

    IIS limits a path segment to 260 characters by default, so a publication may need QUERY.
    """

    PATH = "path"  # Turnovers(StartPeriod=…,Condition='…')
    QUERY = "query"  # Turnovers()?StartPeriod=…&Condition='…'


@attrs.frozen(kw_only=True)
class ODataQuery:
    """One GET, before encoding.

    resource: an entity set. function: a virtual table of it; "" for the set itself.
    arguments: of the function: (name, literal). options: (name with its `$`, value).
    """

    resource: str
    function: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    def encoded(self, spelling: Spelling = Spelling.PATH) -> str:
        """The path and query under `/odata/standard.odata/`, in ASCII."""
        path = quote(self.resource, safe="")
        pairs = [*self.options, _FORMAT]
        if self.function:
            inside = ""
            if spelling is Spelling.PATH:
                inside = ",".join(f"{name}={value}" for name, value in self.arguments)
            else:
                pairs = [*self.arguments, *pairs]
            path += f"/{self.function}({quote(inside, safe=_SAFE_IN_PATH)})"
        encoded = (
            f"{quote(name, safe='$')}={quote(value, safe=_SAFE_IN_QUERY)}" for name, value in pairs
        )
        return f"{path}?{'&'.join(encoded)}"


def guid(key: str) -> str:
    """The literal of a reference that can be of one type only."""
    return f"guid'{key}'"


def reference(key: str, entity_set: str) -> str:
    """The literal of a reference in a field of several types; `eq guid'…'` never matches there."""
    return f"cast(guid'{key}','{entity_set}')"


def text(value: str) -> str:
    """The literal of a text or of an enumeration's member."""
    return "'" + value.replace("'", "''") + "'"


def moment(value: datetime) -> str:
    """The literal of a date with time; 1C requires the seconds and accepts no zone."""
    return f"datetime'{value.isoformat(timespec='seconds')}'"


def start_of(day: date) -> str:
    """The literal of the first second of a day."""
    return moment(datetime.combine(day, time()))


def end_of(day: date) -> str:
    """The literal of the last second of a day: the end of a period of turnovers."""
    return moment(datetime.combine(day, _LAST_SECOND))


def after(day: date) -> str:
    """The literal of the moment at which a balance includes the whole day.

    1C excludes what happens at the moment itself, so that is the start of the next day.
    """
    return start_of(day + timedelta(days=1))


def batches(items: Sequence[str], fits: Callable[[Sequence[str]], bool]) -> Iterator[Sequence[str]]:
    """Split a list into parts that are as long as `fits` allows, but never empty."""
    waiting = items
    while waiting:
        size = 1
        while size < len(waiting) and fits(waiting[: size + 1]):
            size += 1
        yield waiting[:size]
        waiting = waiting[size:]


def any_of(conditions: Iterable[str]) -> str:
    """Conditions joined by `or`, in parentheses when there are several."""
    joined = [*conditions]
    return joined[0] if len(joined) == 1 else f"({' or '.join(joined)})"


def all_of(conditions: Iterable[str]) -> str:
    """Conditions joined by `and`; "" for none."""
    return " and ".join(conditions)
