"""What a call asks of a report: the contract's JSON, read strictly."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal

import attrs

from onecgw.backends.odata.reports import TabularReport
from onecgw.errors import OnecRejected
from onecgw.locales.text import say

Direction = Literal["asc", "desc"]
Body = Mapping[str, object]
# 1C knows years of four digits; the month before and the day after must exist too.
_FIRST_YEAR: Final = 1_000
_LAST_YEAR: Final = 9_998
# Names of an enumeration's members are ids too, and keep their capitals.
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@attrs.frozen(kw_only=True)
class RequestedReport:
    """A question to a report.

    first, last: the days of a period, both included; of a balance both are its day.
    filters: filter → ids, as they were given. choices: filter → the word that was chosen.
    applied: the filters for the answer.
    top: None is every row.
    """

    report: TabularReport
    first: date
    last: date
    group_by: tuple[str, ...]
    measures: tuple[str, ...]
    filters: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, str]
    applied: Body
    sort: tuple[tuple[str, Direction], ...]
    top: int | None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions of the rows: those of the request, and those always added."""
        return (*self.group_by, *self.report.always_by)

    @property
    def cohort(self) -> str | None:
        """The customers that count; None is all."""
        return self.choices.get("customer_cohort")

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts and counts that the measures need, each once."""
        measures = self.report.measure
        return tuple(dict.fromkeys(fact for name in self.measures for fact in measures[name].facts))

    def dated(self) -> dict[str, object]:
        """The period or the date, for the answer."""
        if self.report.dated == "date":
            return {"date": self.last.isoformat()}
        return {"period": {"from": self.first.isoformat(), "to": self.last.isoformat()}}


def read_request(report: TabularReport, body: Body, *, today: date) -> RequestedReport:
    """Read the body of a tabular report.

    Raises:
        OnecRejected: something is wrong or unknown.
    """
    check_keys(body, (report.dated, "filters", "group_by", "measures", "top", "sort"))
    if report.dated == "period":
        first, last = read_period(body)
    else:
        first = last = _date(body["date"], "date") if "date" in body else today
    open_dimensions = [name for name in report.dimension if name not in report.always_by]
    group_by = _names(body, "group_by", report.default_group_by, open_dimensions)
    measures = _names(body, "measures", report.default_measures, [*report.measure])
    applied = _mapping(body.get("filters", {}), "filters")
    known = [one.name for one in report.filters]
    check_keys(applied, [*known, *report.choices], within="filters.")
    choices = {name: applied[name] for name in report.choices if name in applied}
    for name, value in choices.items():
        if value not in report.choices[name]:
            raise wrong(f"filters.{name}", value, one_of(report.choices[name]))
    return RequestedReport(
        report=report,
        first=first,
        last=last,
        group_by=group_by,
        measures=measures,
        filters={name: _ids(applied[name], f"filters.{name}") for name in known if name in applied},
        choices={name: str(value) for name, value in choices.items()},
        applied=applied,
        sort=_sort(body, (*group_by, *measures)),
        top=read_count(body, "top"),
    )


def read_period(body: Body) -> tuple[date, date]:
    """Read the required `period`, both ends included.

    Raises:
        OnecRejected: it is missing or wrong.
    """
    period = _mapping(body.get("period"), "period")
    check_keys(period, ("from", "to"), within="period.")
    first, last = (_date(period.get(end), f"period.{end}") for end in ("from", "to"))
    if first > last:
        raise OnecRejected(say("odata.period_order", first=first, last=last))
    return first, last


def read_count(body: Body, name: str) -> int | None:
    """Read a whole number from 1; None where there is none.

    Raises:
        OnecRejected: it is no such number.
    """
    value = body.get(name)
    if value is None and name not in body:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong(name, value, say("odata.count"))
    return value


def check_keys(body: Body, allowed: Sequence[str], *, within: str = "") -> None:
    """Refuse keys that mean nothing here: an ignored filter would be a wrong answer.

    Raises:
        OnecRejected: there is one.
    """
    for key in body:
        if key not in allowed:
            accepted = ", ".join(allowed) or say("odata.none")
            raise OnecRejected(
                say("odata.unknown_parameter", name=f"{within}{key}", accepted=accepted)
            )


def _ids(value: object, path: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise wrong(path, value, say("odata.ids"))
    return tuple(dict.fromkeys(one.lower() if _UUID.fullmatch(one) else one for one in value))


def _names(
    body: Body, key: str, default: tuple[str, ...], allowed: Sequence[str]
) -> tuple[str, ...]:
    if key not in body:
        return default
    value = body[key]
    if not isinstance(value, list) or not value:
        raise wrong(key, value, say("odata.list_of", names=", ".join(allowed)))
    for place, name in enumerate(value):
        if name not in allowed:
            raise wrong(f"{key}[{place}]", name, one_of(allowed))
    if len(set(value)) < len(value):
        raise OnecRejected(say("odata.twice", name=key))
    return tuple(value)


def _sort(body: Body, allowed: Sequence[str]) -> tuple[tuple[str, Direction], ...]:
    value = body.get("sort", [])
    if not isinstance(value, list):
        raise wrong("sort", value, say("odata.sort_keys", keys="field, dir"))
    keys: list[tuple[str, Direction]] = []
    for place, item in enumerate(value):
        path = f"sort[{place}]"
        key = _mapping(item, path)
        check_keys(key, ("field", "dir"), within=f"{path}.")
        field, direction = key.get("field"), key.get("dir", "asc")
        if not isinstance(field, str) or field not in allowed:
            accepted = say("odata.chosen_one", names=", ".join(allowed))
            raise wrong(f"{path}.field", field, accepted)
        if direction not in ("asc", "desc"):
            raise wrong(f"{path}.dir", direction, one_of(("asc", "desc")))
        keys.append((field, direction))
    return tuple(keys)


def _mapping(value: object, path: str) -> Body:
    if not isinstance(value, dict):
        raise wrong(path, value, say("odata.object"))
    return value


def _date(value: object, path: str) -> date:
    # Longer forms of ISO 8601 are read by Python too, but are no day of the contract.
    if isinstance(value, str) and len(value) == len("2026-01-31"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            pass  # refused like any other text
        else:
            if _FIRST_YEAR <= day.year <= _LAST_YEAR:
                return day
    raise wrong(path, value, say("odata.date", first=_FIRST_YEAR, last=_LAST_YEAR))


def one_of(names: Iterable[str]) -> str:
    """What is accepted, where it is one of some names."""
    return say("odata.one_of", names=", ".join(names))


def wrong(path: str, value: object, accepted: str) -> OnecRejected:
    """The error of a value that is not accepted."""
    shown = f"{value!r:.80}"
    return OnecRejected(say("odata.wrong", path=path, value=shown, accepted=accepted))
