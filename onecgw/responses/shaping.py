"""Makes the caller's answer from 1C's: checked, counted, and cut with a notice.

Every number and text leaves digit for digit as 1C sent it: members, rows and cells are carried as
raw JSON and spliced.

Hot for large answers: rows are looked at once, all together (`table_rows.read_rows`). It must not
make an object of each row or cell unless the list is cut or something in it is unusual.
"""

from functools import cached_property
from typing import Final

import attrs
import msgspec

from onecgw.errors import LimitExceeded
from onecgw.locales import DEFAULT_LANGUAGE, Language
from onecgw.locales.text import join_texts, say
from onecgw.responses.notices import (
    CUT_BY_1C,
    after_last_document,
    cut_by_1c,
    notice_member,
    text_notices,
)
from onecgw.responses.raw_json import Members, array, decode, encode, read_members, splice
from onecgw.responses.redaction import Redaction, redact
from onecgw.responses.response_check import Arguments, check_answers_request, day_of
from onecgw.responses.table_rows import (
    ResponseColumn,
    check_cells,
    check_columns,
    check_totals,
    read_rows,
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
class BoundedList:
    """The list of an answer that may be cut, and what is said of it.

    member: its name. raw: itself. count: of its items.
    noun: rows, candidates or items; it chooses the sentence on a cut.
    narrow: the key of a text: how to ask for less. more: that of how to get more, up to
        `ResponseLimits.max_rows`; "" where that is not possible.
    cut_by_1c: the sentence, where 1C says that this is not the whole.
    notices: what else has to be said of the answer.
    """

    member: str
    raw: msgspec.Raw
    count: int
    noun: str
    narrow: str
    more: str = ""
    cut_by_1c: str
    notices: tuple[str, ...]

    @cached_property
    def items(self) -> list[msgspec.Raw]:
        """One by one; only a list that is cut has to be taken apart."""
        return msgspec.json.decode(self.raw, type=list[msgspec.Raw])


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
    members = read_members(body)
    rows = read_rows(members, units, is_redacted=limits.redaction is not None)
    if limits.redaction is not None:
        members = redact(
            members, limits.redaction, language=limits.language, has_plain_rows=rows is not None
        )
    notices = check_answers_request(members, arguments, with_groups=with_groups)
    columns = decode(members.get("columns"), list[ResponseColumn], "columns")
    if rows is None:
        count = len(decode(members.get("rows"), list[msgspec.Raw], "rows"))
    else:
        count = rows.count
    check_columns(columns, arguments if count or columns else {})
    if rows is None:
        check_cells(members["rows"], columns)
    check_totals(members, columns)
    if limits.refuses_extra_rows and count > limits.rows + 1:
        raise LimitExceeded(say("errors.extra_rows", rows=count, asked=limits.rows))
    cut = cut_by_1c(members, count)
    notices += (*notices_of_books(members, arguments), *text_notices(body))
    names = [column.name for column in columns]
    if rows is None or rows.kinds:
        members = without_unlike_totals(
            members,
            names,
            units,
            is_whole=count <= limits.rows and not cut,
            kinds=rows.kinds if rows is not None else None,
        )
    if limits.base_currency and units.are_in_base_currency(names):
        members = with_currency(members, limits)
    listed = BoundedList(
        member="rows",
        raw=members["rows"],
        count=count,
        noun="rows",
        narrow=narrow,
        more=more,
        cut_by_1c=cut,
        notices=notices,
    )
    return bounded(members, listed, limits)


def notices_of_books(members: Members, arguments: Arguments) -> tuple[str, ...]:
    """A sentence, where the days of a request go beyond the last document of the books."""
    if "period" in arguments:
        return after_last_document(members, arguments["period"]["to"])
    day = arguments.get("date") or (day_of(members["date"]) if "date" in members else "")
    return after_last_document(members, day)


def with_currency(members: Members, limits: ResponseLimits) -> Members:
    """The members with the base currency, where 1C does not name the currency of its figures."""
    if not limits.base_currency or CURRENCY in members:
        return members
    return members | {CURRENCY: msgspec.Raw(encode(limits.base_currency))}


def bounded(members: Members, listed: BoundedList, limits: ResponseLimits) -> Answer:
    """The answer with as many items as fit; the notice reports a cut by the gateway or by 1C.

    Raises:
        LimitExceeded: it is larger than `limits.max_bytes` without any item.
    """
    kept, cut = min(listed.count, limits.rows), ""
    if kept < listed.count:
        first = say(f"notices.first_{listed.noun}", count=kept)
        more = say(listed.more, most=limits.max_rows) if listed.more else ""
        cut = join_texts(" ", (first, say(listed.narrow), more))
    body = _assemble(members, listed, limits, kept=kept, cut=cut)
    if limits.max_bytes is None or len(body) <= limits.max_bytes:
        return Answer(body=body, rows=kept)

    def shorter(count: int, kept: int) -> bytes:
        first = say(f"notices.first_{listed.noun}_bytes", count=count, bytes=limits.max_bytes)
        cut = join_texts(" ", (first, say(listed.narrow)))
        return _assemble(members, listed, limits, kept=kept, cut=cut)

    room_bytes = limits.max_bytes - len(shorter(kept, 0)) - len(str(kept))
    kept = _fitting(listed.items[:kept], room_bytes)
    body = shorter(kept, kept)
    if len(body) > limits.max_bytes:
        raise LimitExceeded(say("errors.too_large", bytes=len(body), most=limits.max_bytes))
    return Answer(body=body, rows=kept)


def _assemble(
    members: Members, listed: BoundedList, limits: ResponseLimits, *, kept: int, cut: str
) -> bytes:
    """The answer with the first items. cut: the sentence on a cut by the gateway, else ""."""
    # Of two sentences on the same cut, 1C's own says more only where it names a size.
    by_1c = "" if cut and listed.cut_by_1c == say(CUT_BY_1C) else listed.cut_by_1c
    text = join_texts(" ", (cut, by_1c)) if cut and by_1c else cut or by_1c
    added: dict[str, object] = {
        f"{listed.member}_returned": kept,
        "truncated": bool(text),
        **notice_member((*limits.notices, text, *listed.notices), members, limits.language),
    }
    rest = {name: raw for name, raw in members.items() if name not in _OURS}
    # What is whole is sent as it came: joining thousands of rows again would cost as much as
    # checking them.
    if kept != listed.count:
        rest[listed.member] = msgspec.Raw(array(listed.items[:kept]))
    return splice(added, rest)


def _fitting(items: list[msgspec.Raw], room_bytes: int) -> int:
    """How many of the first items, with a comma each, fit into room_bytes."""
    for index, item in enumerate(items):
        room_bytes -= len(bytes(item)) + 1
        if room_bytes < 0:
            return index
    return len(items)
