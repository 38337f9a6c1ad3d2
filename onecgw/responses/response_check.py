"""Checks that an answer of 1C belongs to the request, before the answer is shaped.

An answer is refused if it reports an error, names another period or other filters than
requested, or lacks a requested column. A period, date or applied_filters that 1C leaves out
is not checked.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from onecgw.errors import OnecBadResponse, OnecRejected
from onecgw.locales.text import say
from onecgw.responses.error_body import ERROR_MEMBER_NAMES, NO_REASON, message_in, reports_error
from onecgw.responses.raw_json import Members, is_empty, is_null, plain_value, read_members
from onecgw.text import canonical_id

Arguments = Mapping[str, Any]

# As JSON has it, as 20260501 (ДФ=yyyyMMdd), or as 1C writes a date that becomes a text.
_DAY: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)|(\d\d)\.(\d\d)\.(\d{4})", re.ASCII)


class FilterIgnored(OnecBadResponse):
    """1C does not confirm that a filter was applied: its figures may be of more than was asked."""


class _Ends(msgspec.Struct, rename={"from_": "from"}):
    from_: str
    to: str


class _Reference(msgspec.Struct):
    id: str | int


_Applied = str | int | _Reference | None


def check_answers_request(
    members: Members, arguments: Arguments, *, with_groups: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Refuse an answer that does not belong to this request.

    Args:
        members: of the answer.
        arguments: of the request, as they were sent to 1C.
        with_groups: filters in which an id of a folder means what is in it, so that 1C may name
            other ids than it was given.

    Returns:
        Sentences that the caller must read.

    Raises:
        OnecRejected: it reports an error.
        FilterIgnored: a filter is not among those that were applied.
        OnecBadResponse: it is of another period or day.
    """
    check_no_error(members)
    if "period" in arguments and not is_empty(members.get("period")):
        requested = (arguments["period"]["from"], arguments["period"]["to"])
        _check_same("period", requested=requested, answered=period_of(members["period"]))
    if "date" in arguments and not is_empty(members.get("date")):
        _check_same("date", requested=(arguments["date"],), answered=(day_of(members["date"]),))
    return _check_filters(
        members.get("applied_filters"), arguments.get("filters") or {}, with_groups
    )


def check_no_error(members: Members) -> None:
    """Refuse an answer that says of itself that the call failed.

    Raises:
        OnecRejected: with 1C's message.
    """
    if ERROR_MEMBER_NAMES.isdisjoint(map(str.casefold, members)):
        return
    values = {
        name: plain_value(raw) if name.casefold() in ERROR_MEMBER_NAMES else _placeholder(raw)
        for name, raw in members.items()
    }
    if reports_error(values):
        raise OnecRejected(message_in(values) or say(NO_REASON))


def day_of(raw: msgspec.Raw) -> str:
    """The day that a text begins with, as 2026-05-01T23:59:59, 20260501 and 01.05.2026 do.

    "" if it is no text; a text of another form as it is.
    """
    try:
        return _day_in(msgspec.json.decode(raw, type=str))
    except msgspec.DecodeError:
        return ""


def period_of(raw: msgspec.Raw) -> tuple[str, str]:
    """The first and the last day of a period; empty if it is none."""
    try:
        ends = msgspec.json.decode(raw, type=_Ends | str)
    except msgspec.DecodeError:
        return "", ""
    if isinstance(ends, _Ends):
        return _day_in(ends.from_), _day_in(ends.to)
    match [_day_in(found[0]) for found in _DAY.finditer(ends)]:
        case [first, last]:
            return first, last
    return "", ""


def _day_in(text: str) -> str:
    found = _DAY.match(text.strip())
    if found is None:
        return text[:10]
    return "-".join(found.group(1, 2, 3) if found[1] else found.group(6, 5, 4))


def applied_values(raw: msgspec.Raw) -> frozenset[str]:
    """What a member of applied_filters holds: ids and words in one form; references by their id."""
    try:
        values = msgspec.json.decode(raw, type=list[_Applied] | _Applied)
    except msgspec.DecodeError:
        return frozenset()
    items = values if isinstance(values, list) else [values]
    ids = (item.id if isinstance(item, _Reference) else item for item in items if item is not None)
    return frozenset(map(_comparable, ids)) - {""}


def comparable(values: Iterable[str]) -> frozenset[str]:
    """Asked values in the form of applied_values."""
    return frozenset(map(_comparable, values))


def differ(applied: frozenset[str], meant: frozenset[str]) -> bool:
    """Whether applied values differ from the requested ones; labels are not compared with ids."""
    if any(map(_is_guid, meant)) and not any(map(_is_guid, applied)):
        return False
    return applied != meant


def _comparable(value: str | int) -> str:
    return canonical_id(str(value).strip()).lower()


def _check_same(member: str, *, requested: tuple[str, ...], answered: tuple[str, ...]) -> None:
    if requested != answered:
        shown = _dates(answered) if all(answered) else say("values.unreadable")
        raise OnecBadResponse(
            say(f"bad_response.other_{member}", asked=_dates(requested), told=shown)
        )


def _dates(days: Sequence[str]) -> str:
    return say("values.period", first=days[0], last=days[1]) if len(days) > 1 else days[0]


def _check_filters(
    raw: msgspec.Raw | None, requested: Mapping[str, Any], with_groups: frozenset[str]
) -> tuple[str, ...]:
    if raw is None or is_null(raw):
        return ()
    if bytes(raw) == b"[]":  # how 1C may write a structure without members
        raw = msgspec.Raw(b"{}")
    if bytes(raw)[:1] != b"{":
        return (say("notices.filters_unreadable"),)
    applied = read_members(bytes(raw))
    unreadable = []
    for name, values in requested.items():
        confirmed = applied_values(applied[name]) if name in applied else frozenset()
        if not confirmed and name in applied and _holds_custom_objects(applied[name]):
            unreadable.append(name)
            continue
        meant = comparable([values] if isinstance(values, str) else values)
        if not confirmed or (name not in with_groups and differ(confirmed, meant)):
            raise FilterIgnored(say("bad_response.filter_ignored", filter=f"filters.{name}"))
    notices = []
    if unreadable:
        notices.append(say("notices.filters_unconfirmed", filters=", ".join(unreadable)))
    more = sorted(
        name for name in applied if name not in requested and applied_values(applied[name])
    )
    if more:
        notices.append(say("notices.filters_added", filters=", ".join(more)))
    return tuple(notices)


def _holds_custom_objects(raw: msgspec.Raw) -> bool:
    """Whether an applied filter is, or holds, a non-empty object whose form only 1C knows."""
    return bytes(raw).lstrip(b"[")[:1] == b"{" and bytes(raw) != b"{}"


def _is_guid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4  # noqa: PLR2004 - the form of canonical_id


def _placeholder(raw: msgspec.Raw) -> object:
    """`[]` for a list or a filled object, else None; thousands of rows are not parsed."""
    value = bytes(raw)
    return [] if value[:1] in b"[{" and value != b"{}" else None
