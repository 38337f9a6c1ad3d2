"""Makes the caller's answer from 1C's, by its kind: candidates, a table, a card.

Hot for large answers: rows are looked at once, all together (`table_rows.read_rows`). It must not
make an object of each row or cell unless the list is cut or something in it is unusual.
"""

from collections.abc import Sequence

import attrs
import msgspec

from onecgw.errors import LimitExceeded, OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.candidates import Candidates, candidates_of, read_candidates
from onecgw.responses.completeness import cut_by_1c
from onecgw.responses.notices import after_last_document, text_notices
from onecgw.responses.raw_json import (
    Members,
    array,
    decode,
    encode,
    is_empty,
    is_null,
    object_in,
    read_members,
)
from onecgw.responses.redaction import redact
from onecgw.responses.response_check import (
    Arguments,
    applied_values,
    check_answers_request,
    comparable,
    day_of,
    differ,
)
from onecgw.responses.shaping import Answer, BoundedList, ResponseLimits, bounded
from onecgw.responses.table_rows import (
    ResponseColumn,
    check_cells,
    check_columns,
    check_totals,
    read_rows,
)
from onecgw.responses.units import CURRENCY, NO_UNITS, MeasureUnits, without_unlike_totals


@attrs.frozen(kw_only=True)
class CardShape:
    """What an answer about one object must hold.

    subject: the member with the object itself. listed: the member with a list that is bounded.
    """

    subject: str
    listed: str


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
    usable = msgspec.Raw(array(found.items))
    listed = BoundedList(
        member="candidates",
        raw=usable,
        count=len(found.items),
        noun="candidates",
        narrow=narrow,
        cut_by_1c=found.cut,
        notices=(*found.notices, *text_notices(body)),
    )
    return bounded(found.members | {"candidates": usable}, listed, limits)


def _read_candidates(body: bytes, limits: ResponseLimits) -> Candidates:
    if limits.redaction is None:
        return read_candidates(body)  # of small answers it keeps what it has read
    return candidates_of(redact(read_members(body), limits.redaction, language=limits.language))


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
    members = read_members(body)
    rows = read_rows(members, units, is_redacted=limits.redaction is not None)
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
    notices += (*_after_last_document(members, arguments), *text_notices(body))
    names = [column.name for column in columns]
    members = without_unlike_totals(
        members,
        names,
        units,
        is_whole=count <= limits.rows and not cut,
        kinds=rows.kinds if rows is not None else None,
    )
    members = _with_currency(members, limits, has_money=units.are_in_base_currency(names))
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
    members = redact(read_members(body), limits.redaction, language=limits.language)
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
    items = BoundedList(
        member=shape.listed,
        raw=raw,
        count=len(listed),
        noun="items",
        narrow="notices.totals_cover",
        cut_by_1c=cut_by_1c(members, len(listed)),
        notices=(*notices, *_after_last_document(members, arguments), *text_notices(body)),
    )
    return bounded(_with_currency(members, limits, has_money=True), items, limits)
