"""The faults of a 1C on demand: their names, their values, and how they are written down.

A plan is text: `latency=2s,rate=0.1` or `bad_gateway,times=1`. Everything in it happens to the
same call; `rate` is the part of the calls it happens to, `times` the number of calls after which
it stops.
"""

import re
from collections.abc import Mapping
from typing import Final

import attrs

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)(mb)")
_SECONDS_OR_MEBIBYTES: Final = {"ms": 0.001, "s": 1.0, "mb": 1.0}
# The faults with a value: its form, what it is when none is written, what an error says.
_VALUES: Final = {
    "latency": (_DURATION, 1.0, "no duration; write 300ms or 2s"),
    "jitter": (_DURATION, 1.0, "no duration; write 300ms or 2s"),
    "drip": (_DURATION, 0.05, "no duration; write 300ms or 2s"),
    "huge": (_SIZE, 64.0, "no size; write 64mb"),
    "gzip_bomb": (_SIZE, 64.0, "no size; write 64mb"),
}

# What each fault does; the names with a value say what the value is.
FAULTS: Final[Mapping[str, str]] = {
    "latency": "answers later; latency=300ms",
    "jitter": "answers later by a random part of the time; jitter=200ms",
    "hang": "takes the call and never answers",
    "drip": "sends the answer in small pieces with a pause after each; drip=50ms",
    "unauthorized": "401: the technical user is wrong",
    "forbidden": "403: no right on the HTTP service",
    "blocked": "403: the infobase is blocked, JSON with a BOM",
    "not_published": "404: HTML of the web server",
    "session_expired": "406: XML, the session is gone",
    "failed": "500: «1C:Enterprise 8 application error», HTML in Russian",
    "licence": "500: no free licence",
    "locked": "500: a data lock timed out",
    "bad_gateway": "502: HTML of a proxy",
    "unavailable": "503: HTML of a proxy",
    "gateway_timeout": "504: HTML of a proxy",
    "redirect": "302: to the base under another case of its name",
    "truncated": "breaks off in the middle of the body",
    "broken_json": "200: the JSON is cut and closed as if it were whole",
    "wrong_shape": "200: JSON, but not what was agreed",
    "cp1251": "200: the body is in windows-1251",
    "huge": "200: a body without end; huge=64mb",
    "gzip_bomb": "200: a small body that unpacks into a huge one; gzip_bomb=64mb",
    "reset_before": "resets the connection before the headers",
    "reset_after": "resets the connection after the headers",
}


class BadFault(ValueError):
    """The text of a plan cannot be read; the message says why and what would be accepted."""


@attrs.frozen(kw_only=True)
class FaultPlan:
    """What goes wrong, and how often.

    faults: name → its value: seconds, mebibytes, or 0 where there is none.
    rate: the part of the calls, 0 to 1.
    times: after so many calls it stops; None never does.
    """

    faults: Mapping[str, float]
    rate: float = 1.0
    times: int | None = None


def parse_faults(text: str) -> FaultPlan:
    """The plan that a text describes.

    Raises:
        BadFault: a name is unknown, or a value is not what it should be.
    """
    faults: dict[str, float] = {}
    rate, times = 1.0, None
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, value = part.partition("=")
        if name == "rate":
            rate = _rate(value)
        elif name == "times":
            times = _times(value)
        elif name in FAULTS:
            faults[name] = _value(name, value)
        else:
            raise BadFault(f"unknown fault {name!r}; known: {', '.join(FAULTS)}, rate, times")
    if not faults:
        raise BadFault(f"no fault in {text!r}; known: {', '.join(FAULTS)}")
    return FaultPlan(faults=faults, rate=rate, times=times)


def _value(name: str, text: str) -> float:
    if name not in _VALUES:
        if text:
            raise BadFault(f"{text!r}: this fault has no value")
        return 0.0
    form, default, mistake = _VALUES[name]
    if not text:
        return default
    match = form.fullmatch(text)
    if match is None:
        raise BadFault(f"{text!r} is {mistake}")
    return float(match[1]) * _SECONDS_OR_MEBIBYTES[match[2]]


def _rate(value: str) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise BadFault(f"rate is {value!r}; write a number from 0 to 1")
    return rate


def _times(value: str) -> int:
    if not value.isascii() or not value.isdecimal() or int(value) < 1:
        raise BadFault(f"times is {value!r}; write a whole number from 1")
    return int(value)
