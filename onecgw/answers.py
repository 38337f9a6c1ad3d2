"""1C's bytes → the caller's bytes: checked, counted, cut in the open, never re-written.

Every number and text leaves digit for digit as 1C sent it: members, rows and cells are carried as
raw JSON and spliced.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import TypeVar

import attrs
import msgspec

from onecgw.errors import LimitExceeded, OnecBadResponse

log = logging.getLogger(__name__)

Shape = TypeVar("Shape")


@attrs.frozen(kw_only=True)
class Answer:
    """What a caller gets: a JSON object in UTF-8, and how many rows it holds (None: no rows)."""

    body: bytes
    rows: int | None = None


@attrs.frozen(kw_only=True)
class Bounds:
    """How much of an answer one surface takes.

    rows: that were asked for. max_rows: the ceiling that the notice names.
    max_bytes: of the answer's JSON, None = unbounded.
    refuses_extra_rows: more rows than were asked for of 1C are an error, not a cut.
    closed: measures that the caller must never see.
    notices: what is to be said whatever 1C answers, as "top was 9000 and is limited to 5000".
    """

    rows: int
    max_rows: int
    max_bytes: int | None
    refuses_extra_rows: bool
    closed: frozenset[str]
    notices: tuple[str, ...] = ()


class _Column(msgspec.Struct):
    name: str
    type: str


class _Candidate(msgspec.Struct):
    id: str
    label: str


Members = dict[str, msgspec.Raw]


def read_candidates(body: bytes) -> list[msgspec.Raw]:
    """The candidates in a resolver's answer.

    Raises:
        OnecBadResponse: there are none, or not each with `id` and `label`.
    """
    raw = _read_members(body).get("candidates")
    _decode(raw, list[_Candidate], "candidates: a list of {id, label}")
    return _decode(raw, list[msgspec.Raw], "candidates: a list")


def build_candidates(body: bytes, bounds: Bounds) -> Answer:
    """A resolver's answer.

    Raises:
        OnecBadResponse: there are no `candidates`, each with `id` and `label`.
    """
    members = _read_members(body)
    candidates = read_candidates(body)
    kept = candidates[: bounds.rows]
    notices = bounds.notices
    if len(kept) < len(candidates):
        cut = f"Only the first {len(kept)} candidates are here, more exist: make the query longer."
        notices = (*notices, cut)
    members["candidates"] = msgspec.Raw(_array(kept))
    return Answer(body=_object(_notice(notices), members), rows=len(kept))


def build_table(body: bytes, bounds: Bounds) -> Answer:
    """A report's answer; 1C was asked for one row more than `bounds.rows`.

    Raises:
        OnecBadResponse: `columns` or `rows` are not what the contract says, or hold closed
            measures.
        LimitExceeded: 1C ignored the number of rows on a surface that refuses that.
    """
    members = _read_members(body)
    rows = _read_rows(members, bounds)
    if bounds.refuses_extra_rows and len(rows) > bounds.rows + 1:
        raise LimitExceeded(
            f"1C answered with {len(rows)} rows where {bounds.rows} were asked for; "
            "narrow the period or the filters, or choose a coarser group_by"
        )
    return _answer_with_rows(members, rows, bounds, whole={"truncated": False})


def build_passed(body: bytes, bounds: Bounds) -> Answer:
    """An answer that is passed through; rows, if there are any, are counted and bounded in bytes.

    Raises:
        OnecBadResponse: it is not an object, or its rows are not what the contract says.
    """
    members = _read_members(body)
    if "rows" in members:
        rows = _read_rows(members, bounds)
        return _answer_with_rows(members, rows, attrs.evolve(bounds, rows=len(rows)), whole={})
    return Answer(body=_object(_notice(bounds.notices), _without_closed(members, bounds.closed)))


def _answer_with_rows(
    members: Members, rows: list[msgspec.Raw], bounds: Bounds, *, whole: dict[str, object]
) -> Answer:
    """Rows cut to bounds; `whole` is what is said of rows that were not cut."""
    members = _without_closed(members, bounds.closed)
    kept = rows[: bounds.rows]
    if len(kept) < len(rows):
        body = _with_rows(members, kept, _cut_by_rows(len(kept), bounds))
    else:
        body = _with_rows(members, kept, whole | _notice(bounds.notices))
    if bounds.max_bytes is not None and len(body) > bounds.max_bytes:
        frame = _with_rows(members, [], _cut_by_bytes(len(kept), bounds))
        kept = _fitting(kept, bounds.max_bytes - len(frame) - len(str(len(kept))))
        body = _with_rows(members, kept, _cut_by_bytes(len(kept), bounds))
    return Answer(body=body, rows=len(kept))


def _cut_by_rows(count: int, bounds: Bounds) -> dict[str, object]:
    notice = (
        f"Only the first {count} rows are here, more exist: narrow the period or the filters, "
        "choose a coarser group_by, sort by what matters, or ask for more with top "
        f"(at most {bounds.max_rows})."
    )
    return {"truncated": True, **_notice((*bounds.notices, notice))}


def _cut_by_bytes(count: int, bounds: Bounds) -> dict[str, object]:
    notice = (
        f"Only the first {count} rows are here, more exist: the whole answer would be larger than "
        f"{bounds.max_bytes} bytes. Narrow the period or the filters, or choose a coarser "
        "group_by."
    )
    return {"truncated": True, **_notice((*bounds.notices, notice))}


def _notice(sentences: Iterable[str]) -> dict[str, object]:
    notice = " ".join(sentences)
    return {"notice": notice} if notice else {}


def _fitting(rows: list[msgspec.Raw], room_bytes: int) -> list[msgspec.Raw]:
    """The first rows that, with a comma each, fit into room_bytes."""
    for index, row in enumerate(rows):
        room_bytes -= len(bytes(row)) + 1
        if room_bytes < 0:
            return rows[:index]
    return rows


def _with_rows(members: Members, rows: list[msgspec.Raw], added: dict[str, object]) -> bytes:
    return _object(
        {"rows_returned": len(rows), **added}, members | {"rows": msgspec.Raw(_array(rows))}
    )


def _read_members(body: bytes) -> Members:
    return _decode(msgspec.Raw(body), Members, "a JSON object")


def _read_rows(members: Members, bounds: Bounds) -> list[msgspec.Raw]:
    columns = _decode(members.get("columns"), list[_Column], "columns: a list of {name, type}")
    if leaked := sorted(bounds.closed.intersection(column.name for column in columns)):
        log.error("answer.closed_measures", extra={"fields": {"columns": leaked}})
        raise OnecBadResponse("1C sent columns that this caller may not see")
    cells = _decode(members.get("rows"), list[list[msgspec.Raw]], "rows: a list of lists")
    for index, row in enumerate(cells):
        if len(row) != len(columns):
            raise OnecBadResponse(
                f"row {index} of 1C's answer has {len(row)} cells where there are "
                f"{len(columns)} columns"
            )
    return _decode(members["rows"], list[msgspec.Raw], "rows: a list")


def _without_closed(members: Members, closed: frozenset[str]) -> Members:
    """The members without closed measures, however deep they lie (in totals, in best products)."""
    if not closed:
        return members
    return {
        name: value if name in ("columns", "rows") else _strip(value, closed)
        for name, value in members.items()
    }


def _strip(raw: msgspec.Raw, closed: frozenset[str]) -> msgspec.Raw:
    first = bytes(raw)[:1]
    if first == b"{":
        members = msgspec.json.decode(raw, type=Members)
        if leaked := sorted(closed & members.keys()):
            log.warning("answer.closed_measures", extra={"fields": {"dropped": leaked}})
        kept = {
            name: _strip(value, closed) for name, value in members.items() if name not in closed
        }
        return msgspec.Raw(_object({}, kept))
    if first == b"[":
        items = msgspec.json.decode(raw, type=list[msgspec.Raw])
        return msgspec.Raw(_array([_strip(item, closed) for item in items]))
    return raw


def _decode(raw: msgspec.Raw | None, shape: type[Shape], expected: str) -> Shape:
    if raw is None:
        raise OnecBadResponse(f"1C's answer lacks {expected}")
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.DecodeError:
        raise OnecBadResponse(f"1C's answer is not what was agreed: expected {expected}") from None


def _array(items: Iterable[msgspec.Raw]) -> bytes:
    return b"[" + b",".join(bytes(item) for item in items) + b"]"


def _object(added: Mapping[str, object], members: Members) -> bytes:
    """Our own members first, where a reader sees them before the rows; then 1C's in their order."""
    pairs = [(name, msgspec.json.encode(value)) for name, value in added.items()]
    pairs += [(name, bytes(raw)) for name, raw in members.items() if name not in added]
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + raw for name, raw in pairs) + b"}"
