"""What a caller may ask of a report: the body is read strictly, and the first fault is refused."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

import attrs

from onecgw.auth.caller import COST
from onecgw.catalogue.scalars import FIRST_YEAR, LAST_YEAR
from onecgw.demo.books import Books
from onecgw.demo.catalogue_search import CatalogueItem, DemoCatalogue
from onecgw.demo.report_definition import Choice, Filter, Report

# The most rows that the service returns; the gateway requests fewer.
MAX_ROWS: Final = 50_000
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Body = Mapping[str, object]
Scopes = frozenset[str]
Direction = Literal["asc", "desc"]


@attrs.define
class RequestError(Exception):
    """A call that the service refuses.

    code: stable, for programs; the message is for people.
    status: 400 for arguments, 403 for rights.
    """

    code: str
    message: str
    status: int = attrs.field(default=400, kw_only=True)


@attrs.frozen(kw_only=True)
class Selection:
    """Which rows of a register are meant.

    first, last: the days of a period; for a balance both are its day.
    ids: by filter, the ids that are allowed, folders already spread out.
    choices: by filter, the word that was chosen.
    applied: the filters of the request, repeated in the answer.
    """

    first: date
    last: date
    ids: Mapping[str, tuple[int, ...]]
    choices: Mapping[str, str] = attrs.field(factory=dict)
    applied: Mapping[str, object]


@attrs.frozen(kw_only=True)
class ReportRequest:
    """The request of a tabular report.

    sort: the requested order; rows that it leaves equal follow their dimensions.
    top: None is everything up to MAX_ROWS.
    """

    selection: Selection
    group_by: tuple[str, ...]
    measures: tuple[str, ...]
    sort: tuple[tuple[str, Direction], ...]
    top: int | None


def read_request(report: Report, body: Body, *, scopes: Scopes, books: Books) -> ReportRequest:
    """The request of a tabular report.

    Raises:
        RequestError: something is wrong, unknown or not allowed.
    """
    check_keys(body, (report.dated, "filters", "group_by", "measures", "top", "sort"))
    dimensions = [name for name in report.dimension if name not in report.always_by]
    group_by = _names(body, "group_by", report.default_group_by, dimensions)
    measures = _names(body, "measures", report.default_measures, [*report.measure])
    for name in measures:
        scope = report.measure[name].scope
        if scope is not None and scope not in scopes:
            raise RequestError("forbidden", f"measure {name} needs the scope {scope}", status=403)
    return ReportRequest(
        selection=read_selection(report, body, scopes=scopes, books=books),
        group_by=group_by,
        measures=measures,
        sort=_sort(body, (*group_by, *measures)),
        top=read_count(body, "top"),
    )


def read_selection(report: Report, body: Body, *, scopes: Scopes, books: Books) -> Selection:
    """The period or day and the filters of a report.

    Raises:
        RequestError: as read_request.
    """
    if report.dated == "period":
        first, last = read_period(body)
    else:
        first = last = _date(body["date"], "date") if "date" in body else books.today
    filters = _mapping(body.get("filters", {}), "filters")
    known = [*(one.name for one in report.filters), *(one.name for one in report.choices)]
    check_keys(filters, known, within="filters.")
    return Selection(
        first=first,
        last=last,
        ids={
            one.name: _filter_ids(one, filters[one.name], scopes=scopes, books=books)
            for one in report.filters
            if one.name in filters
        },
        choices={
            one.name: _chosen(one, filters[one.name])
            for one in report.choices
            if one.name in filters
        },
        applied=filters,
    )


def check_keys(body: Body, allowed: Sequence[str], *, within: str = "") -> None:
    """Refuse keys that mean nothing here: an ignored filter would be a wrong answer."""
    for key in body:
        if key not in allowed:
            raise RequestError(
                "unknown_parameter",
                f"unknown parameter {within}{key}; accepted: {', '.join(allowed) or 'none'}",
            )


def read_period(body: Body) -> tuple[date, date]:
    """The required `period`, both ends included."""
    if "period" not in body:
        raise RequestError("missing_parameter", "period is required: {from, to} as YYYY-MM-DD")
    period = _mapping(body["period"], "period")
    check_keys(period, ("from", "to"), within="period.")
    for end in ("from", "to"):
        if end not in period:
            raise RequestError("missing_parameter", f"period.{end} is required as YYYY-MM-DD")
    first, last = (_date(period[end], f"period.{end}") for end in ("from", "to"))
    if first > last:
        raise RequestError("invalid_parameter", f"period.from {first} is after period.to {last}")
    return first, last


def read_count(body: Body, name: str, default: int | None = None) -> int | None:
    """A whole number from 1, or the default where there is none."""
    if name not in body:
        return default
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(name, value, "a whole number from 1")
    return value


def read_item(
    value: object,
    path: str,
    catalogue: DemoCatalogue,
    *,
    scopes: Scopes,
    may_be_folder: bool = False,
) -> CatalogueItem:
    """The line of a catalogue with a reference; a hidden one is as unknown as any other."""
    if not isinstance(value, str) or not _is_uuid(value):
        raise _wrong(path, value, "a UUID")
    item = catalogue.by_uuid(value)
    if item is None or (item.facts.get("restricted") and COST not in scopes):
        raise RequestError("not_found", f"{path}: nothing in {catalogue.name} has the id {value}")
    if item.is_group and not may_be_folder:
        raise RequestError("invalid_parameter", f"{path} is a folder: {item.label}")
    return item


def _filter_ids(one: Filter, value: object, *, scopes: Scopes, books: Books) -> tuple[int, ...]:
    path = f"filters.{one.name}"
    if not isinstance(value, list) or not value:
        raise _wrong(path, value, "a list with at least one UUID")
    catalogue = books.catalogues[one.catalogue]
    ids: dict[int, None] = {}
    for place, uuid in enumerate(value):
        item = read_item(
            uuid, f"{path}[{place}]", catalogue, scopes=scopes, may_be_folder=one.branches
        )
        ids.update(dict.fromkeys(catalogue.branch(item)))
    return tuple(ids)


def _chosen(one: Choice, value: object) -> str:
    if not isinstance(value, str) or value not in one.options:
        raise _wrong(f"filters.{one.name}", value, f"one of {', '.join(one.options)}")
    return value


def _names(
    body: Body, key: str, default: tuple[str, ...], allowed: Sequence[str]
) -> tuple[str, ...]:
    if key not in body:
        return default
    value = body[key]
    if not isinstance(value, list) or not value:
        raise _wrong(key, value, f"a list of: {', '.join(allowed)}")
    for place, name in enumerate(value):
        if name not in allowed:
            raise _wrong(f"{key}[{place}]", name, f"one of {', '.join(allowed)}")
    if len(set(value)) < len(value):
        raise RequestError("invalid_parameter", f"{key} names something twice")
    return tuple(value)


def _sort(body: Body, allowed: Sequence[str]) -> tuple[tuple[str, Direction], ...]:
    value = body.get("sort", [])
    if not isinstance(value, list):
        raise _wrong("sort", value, "a list of {field, dir}")
    keys: list[tuple[str, Direction]] = []
    for place, item in enumerate(value):
        path = f"sort[{place}]"
        key = _mapping(item, path)
        check_keys(key, ("field", "dir"), within=f"{path}.")
        field, direction = key.get("field"), key.get("dir", "asc")
        if not isinstance(field, str) or field not in allowed:
            raise _wrong(f"{path}.field", field, f"a chosen one: {', '.join(allowed)}")
        if direction not in ("asc", "desc"):
            raise _wrong(f"{path}.dir", direction, "asc or desc")
        keys.append((field, "desc" if direction == "desc" else "asc"))
    return tuple(keys)


def _mapping(value: object, path: str) -> Body:
    if not isinstance(value, dict):
        raise _wrong(path, value, "an object")
    return value


def _date(value: object, path: str) -> date:
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            pass  # a date that no calendar has, refused like any other text
        else:
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                return day
    raise _wrong(path, value, f"a date as YYYY-MM-DD, from {FIRST_YEAR} to {LAST_YEAR}")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _wrong(path: str, value: object, accepted: str) -> RequestError:
    return RequestError("invalid_parameter", f"{path} is {value!r:.80}; accepted: {accepted}")
