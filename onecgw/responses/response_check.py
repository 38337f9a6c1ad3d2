"""Checks that an answer of 1C belongs to the request, before the answer is shaped.

An answer is refused if it reports an error, names another period or other filters than
requested, or lacks a requested column. A period, date or applied_filters that 1C leaves out
is not checked.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import GenericAlias
from typing import Any, Final

import msgspec

from onecgw.errors import OnecBadResponse, OnecRejected
from onecgw.locales.text import say
from onecgw.responses.error_body import ERROR_MEMBER_NAMES, NO_REASON, message_in, reports_error
from onecgw.responses.raw_json import Members, decode, encode, read_members
from onecgw.text import canonical_id

Arguments = Mapping[str, Any]

_NO: Final = frozenset(
    {"", "0", "n", "no", "off", "false", "нет", "ні", "немає", "ложь", "хибно", "хибність"}
)
# In lower case and without underscores: names of 1C are case-insensitive.
_CUT_FLAGS: Final = frozenset({"truncated", "istruncated", "hasmore", "hasnext", "partial"})
_WHOLE_FLAGS: Final = frozenset({"complete", "iscomplete"})
_COUNTS: Final = frozenset(
    {"rowsreturned", "candidatesreturned", "totalrows", "rowstotal", "totalcount"}
)
_SAY_WHETHER_WHOLE: Final = _CUT_FLAGS | _WHOLE_FLAGS | _COUNTS
# As JSON has it, as 20260501 (ДФ=yyyyMMdd), or as 1C writes a date that becomes a text.
_DAY: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)|(\d\d)\.(\d\d)\.(\d{4})", re.ASCII)
CUT_BY_1C: Final = "notices.cut_by_1c"
SHOWN_CHARACTERS: Final = 100  # of what 1C says of the size of its answer
_NUMBER_BEGINS: Final = frozenset(b"-0123456789")
_PIECE_BYTES: Final = 2 * 1024 * 1024  # of rows, which are decoded in some milliseconds


class FilterIgnored(OnecBadResponse):
    """1C does not confirm that a filter was applied: its figures may be of more than was asked."""


class ResponseColumn(msgspec.Struct):
    """A column of a report."""

    name: str
    type: str


class _Ends(msgspec.Struct, rename={"from_": "from"}):
    from_: str
    to: str


class _Reference(msgspec.Struct):
    id: str | int


_Applied = str | int | _Reference | None


class _AnyObject(msgspec.Struct, gc=False):
    """An object of which nothing is looked at."""


_Scalar = str | int | float | bool | None


class _PlainReference(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A reference as nearly every base writes it: nothing else can hide in it."""

    id: _Scalar = None
    label: _Scalar = None
    kind: _Scalar = None
    code: _Scalar = None


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
        name: _plain(raw) if name.casefold() in ERROR_MEMBER_NAMES else _placeholder(raw)
        for name, raw in members.items()
    }
    if reports_error(values):
        raise OnecRejected(message_in(values) or say(NO_REASON))


def says_whether_whole(name: str) -> bool:
    """Whether a member of that name says if the answer is the whole, or how large the whole is."""
    return name.replace("_", "").casefold() in _SAY_WHETHER_WHOLE


def cut_by_1c(members: Members, count: int) -> str:
    """A sentence, where 1C says that its answer is not the whole: by a flag or a number of rows.

    Args:
        members: of the answer.
        count: how many rows or candidates it holds.

    Returns:
        The sentence, with 1C's words about the size; "" if 1C does not say so.
    """
    cuts: list[tuple[str, object]] = []
    for name, raw in members.items():
        if not says_whether_whole(name):
            continue
        key, value = name.replace("_", "").casefold(), _plain(raw)
        if (
            (key in _CUT_FLAGS and _is_yes(value))
            or (key in _WHOLE_FLAGS and value is False)
            or (key in _COUNTS and _is_more(value, count))
        ):
            cuts.append((name, value))
    if not cuts:
        return ""
    sizes = [f"{name}: {_shown(value)}" for name, value in cuts if not _is_flag(value)]
    return say("notices.cut_by_1c_sizes", sizes=", ".join(sizes)) if sizes else say(CUT_BY_1C)


def check_columns(columns: Sequence[ResponseColumn], arguments: Arguments) -> None:
    """Refuse columns that are ambiguous, or lack one that was asked for by name.

    Raises:
        OnecBadResponse: naming the columns.
    """
    names = [column.name for column in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise OnecBadResponse(say("bad_response.column_twice", columns=", ".join(twice)))
    requested = (*arguments.get("group_by", ()), *arguments.get("measures", ()))
    if columns and (lacking := [name for name in requested if name not in names]):
        raise OnecBadResponse(say("bad_response.lacks_column", columns=", ".join(lacking)))


def count_plain_rows(members: Members) -> int | None:
    """How many rows there are, all of them what their columns say, with no members of 1C's own.

    This is the fast path for large answers: one pass of C, instead of one for the cells, one for
    their number and one for what may not leave. None where any row or column is another; that says
    nothing yet.
    """
    try:
        columns = msgspec.json.decode(members["columns"], type=list[ResponseColumn])
        types = tuple(column.type.lower() for column in columns)
        return sum(map(len, _in_pieces(members["rows"], _rows_decoder(types, is_plain=True))))
    except (KeyError, msgspec.DecodeError, RecursionError):
        return None


def _in_pieces(
    rows: msgspec.Raw, decoder: msgspec.json.Decoder[list[object]]
) -> Iterator[list[object]]:
    """The rows, some at a time: while a thread decodes all of 20 MB at once, no other can run.

    A list is cut wherever one list seems to end and the next to begin. Where both sides are lists
    of rows by themselves, that was so; where it was not (in a text, in a cell), decoding fails.
    """
    if len(memoryview(rows)) <= _PIECE_BYTES:
        yield decoder.decode(rows)
        return
    body, begin = bytes(rows), 1  # after the bracket
    while (end := body.find(b"],[", begin + _PIECE_BYTES)) > 0:
        yield decoder.decode(b"[%b]" % body[begin : end + 1])
        begin = end + 2
    yield decoder.decode(b"[" + body[begin:])


def check_cells(rows: msgspec.Raw, columns: Sequence[ResponseColumn]) -> None:
    """Refuse rows whose cells are not what their columns say.

    Raises:
        OnecBadResponse: with the row and the column.
    """
    try:
        types = tuple(column.type.lower() for column in columns)
        _rows_decoder(types, is_plain=False).decode(rows)
    except (msgspec.DecodeError, RecursionError):
        # It also ends here for numbers that no float holds, which are right.
        _check_each_cell(rows, columns)


def check_totals(members: Members, columns: Sequence[ResponseColumn]) -> None:
    """Refuse totals that are no object, or in which a figure is no number.

    Raises:
        OnecBadResponse: saying which.
    """
    raw = members.get("totals")
    if is_empty(raw):
        return
    totals = object_in(raw, "totals")
    numbers = {column.name for column in columns if column.type.lower() == "number"}
    for name, total in totals.items():
        if name in numbers and not _is_of_type(bytes(total), "number"):
            raise OnecBadResponse(say("bad_response.total", measure=name))


def object_in(raw: msgspec.Raw | None, member: str) -> Members:
    """The members of an object within an answer.

    Raises:
        OnecBadResponse: it is missing or no object, or says a member twice.
    """
    decode(raw, Members, "object", member=member)
    return read_members(bytes(raw or b""))


def is_null(raw: msgspec.Raw | None) -> bool:
    """Whether a member is absent or null."""
    return raw is None or bytes(raw) == b"null"


def is_empty(raw: msgspec.Raw | None) -> bool:
    """Whether a member says nothing, as 1C may write a value that is not filled."""
    return raw is None or bytes(raw) in {b"null", b'""', b"[]", b"{}"}


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


def _plain(raw: msgspec.Raw | None) -> object:
    """A member, decoded; None if it is absent or has a number that no float holds."""
    try:
        return msgspec.json.decode(raw or b"null")
    except msgspec.DecodeError:
        return None


def _placeholder(raw: msgspec.Raw) -> object:
    """`[]` for a list or a filled object, else None; thousands of rows are not parsed."""
    value = bytes(raw)
    return [] if value[:1] in b"[{" and value != b"{}" else None


def _is_yes(flag: object) -> bool:
    return flag.strip().casefold() not in _NO if isinstance(flag, str) else bool(flag)


def _is_more(value: object, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > count


def _is_flag(value: object) -> bool:
    """Whether a value only says yes or no, and no size."""
    return (
        isinstance(value, bool)
        or value == 1
        or (isinstance(value, str) and value.strip().isalpha())
    )


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else encode(value).decode()
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


# What cells of a type may be. A reference may be a bare GUID, a text may be written as a number.
_CELLS: Final[dict[str, Any]] = {
    "number": int | float | None,
    "date": str | None,
    "string": str | int | float | bool | None,
    "ref": _AnyObject | str | int | None,
}
_BEGINS: Final[Mapping[str, frozenset[int]]] = {
    "number": _NUMBER_BEGINS,
    "date": frozenset(b'"'),
    "string": _NUMBER_BEGINS | frozenset(b'"tf'),
    "ref": _NUMBER_BEGINS | frozenset(b'{"'),
}


# Cells that hold no object but a plain reference.
_PLAIN_CELLS: Final = _CELLS | {"ref": _PlainReference | str | int | None}


@functools.lru_cache(maxsize=256)
def _rows_decoder(types: tuple[str, ...], *, is_plain: bool) -> msgspec.json.Decoder[Any]:
    """What reads rows of these types at the speed of C; a type of 1C's own may hold anything."""
    cells, other = (_PLAIN_CELLS, _Scalar) if is_plain else (_CELLS, msgspec.Raw)
    row = GenericAlias(tuple, tuple(cells.get(one, other) for one in types))
    return msgspec.json.Decoder(GenericAlias(list, (row,)))


def _check_each_cell(rows: msgspec.Raw, columns: Sequence[ResponseColumn]) -> None:
    for index, row in enumerate(decode(rows, list[list[msgspec.Raw]], "rows")):
        if len(row) != len(columns):
            raise OnecBadResponse(
                say("bad_response.cells", row=index, cells=len(row), columns=len(columns))
            )
        for cell, column in zip(row, columns, strict=True):
            if not _is_of_type(bytes(cell), column.type.lower()):
                raise OnecBadResponse(
                    say("bad_response.cell", row=index, column=column.name, type=column.type)
                )


def _is_of_type(cell: bytes, kind: str) -> bool:
    return cell == b"null" or kind not in _BEGINS or cell[0] in _BEGINS[kind]
