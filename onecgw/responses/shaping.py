"""1C's bytes → the caller's bytes: checked, counted, cut in the open, never re-written.

Every number and text leaves digit for digit as 1C sent it: members, rows and cells are carried as
raw JSON and spliced.
"""

from collections.abc import Callable, Iterable

import attrs
import msgspec

from onecgw.errors import LimitExceeded, OnecBadResponse
from onecgw.responses.raw_json import Members, array, decode, read_members, splice
from onecgw.responses.redaction import Column, redact


@attrs.frozen(kw_only=True)
class Answer:
    """What a caller gets: a JSON object in UTF-8, and how many rows it holds (None: no rows)."""

    body: bytes
    rows: int | None = None


@attrs.frozen(kw_only=True)
class ResponseLimits:
    """How much of an answer one surface takes.

    rows: that were asked for. max_rows: the ceiling that the notice names.
    max_bytes: of the answer's JSON, None = unbounded.
    refuses_extra_rows: more rows than were asked for of 1C are an error, not a cut.
    restricted: measures that the caller must never see.
    notices: what is to be said whatever 1C answers, as "top was 9000 and is limited to 5000".
    """

    rows: int
    max_rows: int
    max_bytes: int | None
    refuses_extra_rows: bool
    restricted: frozenset[str]
    notices: tuple[str, ...] = ()


class _Candidate(msgspec.Struct):
    id: str
    label: str


def read_candidates(body: bytes) -> list[msgspec.Raw]:
    """The candidates in a resolver's answer.

    Raises:
        OnecBadResponse: there are none, or not each with `id` and `label`.
    """
    return _candidates(read_members(body))


def _read(body: bytes, limits: ResponseLimits) -> Members:
    """The members of an answer of 1C, without what the caller must not see."""
    members = read_members(body)
    return redact(members, body, limits.restricted) if limits.restricted else members


def _candidates(members: Members) -> list[msgspec.Raw]:
    raw = members.get("candidates")
    decode(raw, list[_Candidate], "candidates: a list of {id, label}")
    return decode(raw, list[msgspec.Raw], "candidates: a list")


def build_candidates(body: bytes, limits: ResponseLimits) -> Answer:
    """A resolver's answer.

    Raises:
        OnecBadResponse: there are no `candidates`, each with `id` and `label`.
        LimitExceeded: it is too large, although it is cut.
    """
    members = _read(body, limits)
    candidates = _candidates(members)

    def assemble(kept: list[msgspec.Raw], cut: str) -> bytes:
        notice = _notice((*limits.notices, cut), members)
        return splice(notice, members | {"candidates": msgspec.Raw(array(kept))})

    advice = _Advice(noun="candidates", narrow="Make the query longer.")
    return _bounded(candidates, limits, advice, assemble)


def build_table(body: bytes, limits: ResponseLimits) -> Answer:
    """A report's answer; 1C was asked for one row more than `limits.rows`.

    Raises:
        OnecBadResponse: `columns` or `rows` are not what the contract says, or hold closed
            measures.
        LimitExceeded: 1C ignored the number of rows on a surface that refuses that.
    """
    members = _read(body, limits)
    rows = _read_rows(members)
    _refuse_extra(rows, limits, asked=limits.rows + 1)
    advice = _Advice(
        noun="rows",
        narrow="Narrow the period or the filters, or choose a coarser group_by.",
        more=f"Or sort by what matters, or ask for more with top (at most {limits.max_rows}).",
    )
    return _with_rows(members, rows, limits, advice=advice, whole={"truncated": False})


def build_passthrough(body: bytes, limits: ResponseLimits) -> Answer:
    """An answer that is passed through; rows, if there are any, are counted and bounded.

    Raises:
        OnecBadResponse: it is not an object, or its rows are not what the contract says.
        LimitExceeded: it has more rows than were asked for, on a surface that refuses that, or
            is larger than `limits.max_bytes` and has no rows to leave out.
    """
    members = _read(body, limits)
    if "rows" in members:
        rows = _read_rows(members)
        _refuse_extra(rows, limits, asked=limits.rows)
        advice = _Advice(noun="rows", narrow="Narrow the period or the filters.")
        return _with_rows(members, rows, limits, advice=advice, whole={})
    whole = splice(_notice(limits.notices, members), members)
    return Answer(body=_within(whole, limits))


def _with_rows(
    members: Members,
    rows: list[msgspec.Raw],
    limits: ResponseLimits,
    *,
    advice: "_Advice",
    whole: dict[str, object],
) -> Answer:
    """A report with its rows cut to bounds; `whole` is what is said of rows that were not cut."""

    def assemble(kept: list[msgspec.Raw], cut: str) -> bytes:
        told = {"truncated": True} if cut else whole
        added = {"rows_returned": len(kept), **told}
        added |= _notice((*limits.notices, cut), members)
        return splice(added, members | {"rows": msgspec.Raw(array(kept))})

    return _bounded(rows, limits, advice, assemble)


@attrs.frozen(kw_only=True)
class _Advice:
    """What a reader of a cut answer is told.

    narrow: how to ask for less. more: how to get more of it, where that is possible.
    """

    noun: str
    narrow: str
    more: str = ""

    def of_rows(self, kept: int) -> str:
        return " ".join(filter(None, (f"{self._first(kept)}.", self.narrow, self.more)))

    def of_bytes(self, kept: int, max_bytes: int) -> str:
        why = f"the whole answer would be larger than {max_bytes} bytes"
        return f"{self._first(kept)}: {why}. {self.narrow}"

    def _first(self, kept: int) -> str:
        return f"Only the first {kept} {self.noun} are here, more exist"


def _bounded(
    items: list[msgspec.Raw],
    limits: ResponseLimits,
    advice: _Advice,
    assemble: Callable[[list[msgspec.Raw], str], bytes],
) -> Answer:
    """The answer with as many items as fit; what is cut is said in a sentence."""
    kept = items[: limits.rows]
    body = assemble(kept, advice.of_rows(len(kept)) if len(kept) < len(items) else "")
    if limits.max_bytes is not None and len(body) > limits.max_bytes:
        frame = assemble([], advice.of_bytes(len(kept), limits.max_bytes))
        kept = _fitting(kept, limits.max_bytes - len(frame) - len(str(len(kept))))
        body = assemble(kept, advice.of_bytes(len(kept), limits.max_bytes))
    return Answer(body=_within(body, limits), rows=len(kept))


def _fitting(items: list[msgspec.Raw], room_bytes: int) -> list[msgspec.Raw]:
    """The first items that, with a comma each, fit into room_bytes."""
    for index, item in enumerate(items):
        room_bytes -= len(bytes(item)) + 1
        if room_bytes < 0:
            return items[:index]
    return items


def _within(body: bytes, limits: ResponseLimits) -> bytes:
    if limits.max_bytes is not None and len(body) > limits.max_bytes:
        raise LimitExceeded(
            f"the answer has {len(body)} bytes where {limits.max_bytes} are accepted; narrow the "
            "period, or ask for less"
        )
    return body


def _refuse_extra(rows: list[msgspec.Raw], limits: ResponseLimits, *, asked: int) -> None:
    if limits.refuses_extra_rows and len(rows) > asked:
        raise LimitExceeded(
            f"1C answered with {len(rows)} rows where {limits.rows} were asked for; narrow the "
            "period or the filters"
        )


def _notice(sentences: Iterable[str], members: Members) -> dict[str, object]:
    """Our sentences, and after them what 1C itself had to notice."""
    ours = " ".join(filter(None, sentences))
    if not ours:
        return {}
    said = msgspec.json.decode(members.get("notice", msgspec.Raw(b'""')))
    return {"notice": f"{ours} {said}" if isinstance(said, str) and said else ours}


def _read_rows(members: Members) -> list[msgspec.Raw]:
    columns = decode(members.get("columns"), list[Column], "columns: a list of {name, type}")
    cells = decode(members.get("rows"), list[list[msgspec.Raw]], "rows: a list of lists")
    for index, row in enumerate(cells):
        if len(row) != len(columns):
            raise OnecBadResponse(
                f"row {index} of 1C's answer has {len(row)} cells where there are "
                f"{len(columns)} columns"
            )
    return decode(members["rows"], list[msgspec.Raw], "rows: a list")
