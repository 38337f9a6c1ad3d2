"""Makes the caller's answer from 1C's: checked, counted, and cut with a notice.

Every number and text leaves digit for digit as 1C sent it: members, rows and cells are carried as
raw JSON and spliced.

Hot for large answers: rows are looked at once, all together. It must not make an object of each row
or cell unless the list is cut or something in it is unusual.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import attrs
import msgspec

from onecgw.errors import LimitExceeded, OnecBadResponse
from onecgw.locales import DEFAULT_LANGUAGE, Language
from onecgw.locales.text import join_texts, say
from onecgw.responses.candidates import Candidates, candidates_of, read_candidates
from onecgw.responses.notices import after_last_document, notice_member, text_notices
from onecgw.responses.raw_json import Members, array, decode, encode, read_members, splice
from onecgw.responses.redaction import Redaction, redact
from onecgw.responses.response_check import (
    CUT_BY_1C,
    Arguments,
    ResponseColumn,
    applied_values,
    check_answers_request,
    check_cells,
    check_columns,
    check_totals,
    comparable,
    count_plain_rows,
    cut_by_1c,
    day_of,
    differ,
    is_empty,
    is_null,
    object_in,
)
from onecgw.responses.units import CURRENCY, NO_UNITS, MeasureUnits, without_unlike_totals

# Members that the gateway writes; what 1C says there is taken into account, not passed on.
_OURS: Final = frozenset({"truncated", "notice"})


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
    refuses_extra_rows: more rows from 1C than requested are an error, not a cut.
    redaction: what the caller may see; None: everything.
    notices: what is to be said whatever 1C answers, as "top was 9000 and is limited to 5000".
    language: of the notice.
    base_currency: of figures whose currency 1C does not name; "" = it is not known.
    """

    rows: int
    max_rows: int
    max_bytes: int | None
    refuses_extra_rows: bool
    redaction: Redaction | None
    notices: tuple[str, ...] = ()
    language: Language = DEFAULT_LANGUAGE
    base_currency: str = ""


@attrs.frozen(kw_only=True)
class CardShape:
    """What an answer about one object must hold.

    subject: the member with the object itself. listed: the member with a list that is bounded.
    """

    subject: str
    listed: str


def _read(body: bytes, limits: ResponseLimits) -> Members:
    """The members of an answer of 1C, without what the caller must not see."""
    return _redacted(read_members(body), limits)


def _redacted(members: Members, limits: ResponseLimits, *, has_plain_rows: bool = False) -> Members:
    if limits.redaction is None:
        return members
    return redact(
        members, limits.redaction, language=limits.language, has_plain_rows=has_plain_rows
    )


def _read_candidates(body: bytes, limits: ResponseLimits) -> Candidates:
    if limits.redaction is None:
        return read_candidates(body)
    return candidates_of(_read(body, limits))


def _read_table(body: bytes, limits: ResponseLimits) -> tuple[Members, int | None]:
    """As `_read`; and how many rows there are, all of them plain, None where some are not."""
    members = read_members(body)
    count = count_plain_rows(members)
    return _redacted(members, limits, has_plain_rows=count is not None), count


def build_candidates(
    body: bytes, limits: ResponseLimits, *, narrow: str = "notices.longer_query"
) -> Answer:
    """A resolver's answer; 1C was asked for one candidate more than `limits.rows`.

    Args:
        body: the answer.
        limits: of the surface.
        narrow: the key of a text: how to ask for less.

    Raises:
        OnecRejected: it reports an error.
        OnecBadResponse: there are no `candidates`, or none with `id` and `label`.
        LimitExceeded: it is too large, although it is cut.
    """
    found = _read_candidates(body, limits)
    cut = _Cut(by_1c=found.cut, notices=(*found.notices, *text_notices(body)))
    advice = _Advice(noun="candidates", narrow=narrow)
    usable = msgspec.Raw(array(found.items))
    members = found.members | {"candidates": usable}
    listed = _Listed(member="candidates", raw=usable, count=len(found.items), advice=advice)
    return _bounded(members, listed, cut, limits)


def build_details(body: bytes, ids: Sequence[str], limits: ResponseLimits) -> Answer:
    """An answer about objects whose ids are known, in the form of candidates.

    Raises:
        OnecBadResponse: an object is missing, or one is there that was not asked for.
        OnecError, LimitExceeded: as build_candidates.
    """
    found = _read_candidates(body, limits)
    answered = [
        str(msgspec.json.decode(read_members(bytes(one))["id"])).lower() for one in found.items
    ]
    wanted = [one.lower() for one in ids]
    if sorted(answered) != sorted(wanted):
        lacking = [one for one in wanted if one not in answered] or [
            one for one in answered if one not in wanted or answered.count(one) > 1
        ]
        raise OnecBadResponse(say("bad_response.other_objects", ids=", ".join(lacking[:3])))
    return build_candidates(body, limits)


def build_table(
    body: bytes,
    arguments: Arguments,
    limits: ResponseLimits,
    *,
    narrow: str = "notices.narrow_rows",
    more: str = "notices.more_rows",
    with_groups: frozenset[str] = frozenset(),
    units: MeasureUnits = NO_UNITS,
) -> Answer:
    """A report's answer; 1C was asked for one row more than `limits.rows`.

    Args:
        body: the answer.
        arguments: what 1C was asked.
        limits: of the surface.
        narrow: the key of a text: how to ask for less.
        more: the key of a text: how to get more, up to the limit.
        with_groups: the filters in which an id of a folder means what is in it.
        units: what its measures are in.

    Raises:
        OnecRejected: it reports an error.
        OnecBadResponse: it contradicts the request or itself, `columns` or `rows` are not what
            the contract says, or it holds restricted measures.
        LimitExceeded: 1C ignored the number of rows on a surface that refuses that, or the
            answer is too large without any row.
    """
    members, count = _read_table(body, limits)
    notices = check_answers_request(members, arguments, with_groups=with_groups)
    columns = decode(members.get("columns"), list[ResponseColumn], "columns")
    is_plain = count is not None
    if count is None:
        count = len(decode(members.get("rows"), list[msgspec.Raw], "rows"))
    check_columns(columns, arguments if count or columns else {})
    if not is_plain:
        check_cells(members["rows"], columns)
    check_totals(members, columns)
    _refuse_extra(count, limits)
    advice = _Advice(
        noun="rows",
        narrow=narrow,
        more=more,
        max_rows=limits.max_rows,
    )
    cut_there = cut_by_1c(members, count)
    cut = _Cut(
        by_1c=cut_there,
        notices=(*notices, *_after_last_document(members, arguments), *text_notices(body)),
    )
    names = [column.name for column in columns]
    is_whole = count <= limits.rows and not cut_there
    members = without_unlike_totals(members, names, units, is_whole=is_whole)
    members = _with_currency(members, limits, has_money=units.are_in_base_currency(names))
    listed = _Listed(member="rows", raw=members["rows"], count=count, advice=advice)
    return _bounded(members, listed, cut, limits)


def _after_last_document(members: Members, arguments: Arguments) -> tuple[str, ...]:
    if "period" in arguments:
        return after_last_document(members, arguments["period"]["to"])
    day = arguments.get("date") or (day_of(members["date"]) if "date" in members else "")
    return after_last_document(members, day)


def _with_currency(members: Members, limits: ResponseLimits, *, has_money: bool) -> Members:
    """The members with the base currency, where 1C does not name the currency of its figures."""
    if not has_money or not limits.base_currency or CURRENCY in members:
        return members
    return members | {CURRENCY: msgspec.Raw(encode(limits.base_currency))}


def build_card(
    body: bytes, arguments: Arguments, limits: ResponseLimits, *, shape: CardShape
) -> Answer:
    """An answer about one object, passed on unchanged, except that its list may be cut.

    Raises:
        OnecRejected: it reports an error.
        OnecBadResponse: it is of another period or object, or lacks the object or its totals.
        LimitExceeded: it is larger than `limits.max_bytes`.
    """
    members = _read(body, limits)
    notices = check_answers_request(members, arguments)
    subject = object_in(members.get(shape.subject), shape.subject)
    requested = (
        {str(arguments[f"{shape.subject}_id"])} if f"{shape.subject}_id" in arguments else set()
    )
    answered = applied_values(subject.get("id", msgspec.Raw(b"null")))
    if is_empty(members[shape.subject]):
        raise OnecBadResponse(say("bad_response.empty", member=shape.subject))
    if requested and answered and differ(answered, comparable(requested)):
        raise OnecBadResponse(say("bad_response.other_subject", subject=shape.subject))
    if "totals" not in members:
        raise OnecBadResponse(say("bad_response.lacks", expected="totals: {}"))
    if not is_empty(members["totals"]):
        object_in(members["totals"], "totals")
    raw = members.get(shape.listed)
    listed = [] if is_null(raw) else decode(raw, list[msgspec.Raw], "list", member=shape.listed)
    if raw is None or is_null(raw):
        raw = msgspec.Raw(b"[]")
    advice = _Advice(noun="items", narrow="notices.totals_cover")
    cut = _Cut(
        by_1c=cut_by_1c(members, len(listed)),
        notices=(*notices, *_after_last_document(members, arguments), *text_notices(body)),
    )
    members = _with_currency(members, limits, has_money=True)
    items = _Listed(member=shape.listed, raw=raw, count=len(listed), advice=advice)
    return _bounded(members, items, cut, limits)


@attrs.frozen(kw_only=True)
class _Cut:
    """What 1C and the checks say about an answer, for its notice and `truncated`.

    by_1c: the sentence, where 1C says that this is not the whole. notices: on what is in it.
    """

    by_1c: str
    notices: tuple[str, ...]


@attrs.frozen(kw_only=True)
class _Listed:
    """The list of an answer that is bounded: candidates, rows, best products."""

    member: str
    raw: msgspec.Raw
    count: int
    advice: "_Advice"

    @cached_property
    def items(self) -> list[msgspec.Raw]:
        """One by one; only a list that is cut has to be taken apart."""
        return msgspec.json.decode(self.raw, type=list[msgspec.Raw])


@attrs.frozen(kw_only=True)
class _Advice:
    """What a reader of a cut answer is told.

    noun: rows, candidates or items; it chooses the sentence.
    narrow: the key of how to ask for less. more: that of how to get more, up to max_rows rows; ""
        where that is not possible.
    """

    noun: str
    narrow: str
    more: str = ""
    max_rows: int = 0

    def of_rows(self, kept: int) -> str:
        first = say(f"notices.first_{self.noun}", count=kept)
        more = say(self.more, most=self.max_rows) if self.more else ""
        return join_texts(" ", (first, say(self.narrow), more))

    def of_bytes(self, kept: int, max_bytes: int) -> str:
        first = say(f"notices.first_{self.noun}_bytes", count=kept, bytes=max_bytes)
        return join_texts(" ", (first, say(self.narrow)))


def _bounded(members: Members, listed: _Listed, cut: _Cut, limits: ResponseLimits) -> Answer:
    """The answer with as many items as fit; the notice reports a cut by the gateway or by 1C."""
    advice = listed.advice

    def assemble(kept: int, sentence: str) -> bytes:
        # Of two sentences on the same cut, 1C's own says more only where it names a size.
        by_1c = "" if sentence and cut.by_1c == say(CUT_BY_1C) else cut.by_1c
        text = join_texts(" ", (sentence, by_1c)) if sentence and by_1c else sentence or by_1c
        added: dict[str, object] = {
            f"{listed.member}_returned": kept,
            "truncated": bool(text),
            **notice_member((*limits.notices, text, *cut.notices), members, limits.language),
        }
        rest = {name: raw for name, raw in members.items() if name not in _OURS}
        # What is whole is sent as it came: joining thousands of rows again would cost as much as
        # checking them.
        if kept != listed.count:
            rest[listed.member] = msgspec.Raw(array(listed.items[:kept]))
        return splice(added, rest)

    kept = min(listed.count, limits.rows)
    body = assemble(kept, advice.of_rows(kept) if kept < listed.count else "")
    if limits.max_bytes is not None and len(body) > limits.max_bytes:
        frame = assemble(0, advice.of_bytes(kept, limits.max_bytes))
        room_bytes = limits.max_bytes - len(frame) - len(str(kept))
        kept = _fitting(listed.items[:kept], room_bytes)
        body = assemble(kept, advice.of_bytes(kept, limits.max_bytes))
    if limits.max_bytes is not None and len(body) > limits.max_bytes:
        raise LimitExceeded(say("errors.too_large", bytes=len(body), most=limits.max_bytes))
    return Answer(body=body, rows=kept)


def _fitting(items: list[msgspec.Raw], room_bytes: int) -> int:
    """How many of the first items, with a comma each, fit into room_bytes."""
    for index, item in enumerate(items):
        room_bytes -= len(bytes(item)) + 1
        if room_bytes < 0:
            return index
    return len(items)


def _refuse_extra(count: int, limits: ResponseLimits) -> None:
    if limits.refuses_extra_rows and count > limits.rows + 1:
        raise LimitExceeded(say("errors.extra_rows", rows=count, asked=limits.rows))
