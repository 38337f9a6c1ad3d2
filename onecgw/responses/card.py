"""The answer about one object: checked, and passed on as 1C wrote it; its list may be cut."""

import attrs
import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.notices import cut_by_1c, text_notices
from onecgw.responses.raw_json import decode, is_empty, is_null, object_in, read_members
from onecgw.responses.redaction import redact
from onecgw.responses.response_check import (
    Arguments,
    applied_values,
    check_answers_request,
    comparable,
    differ,
)
from onecgw.responses.shaping import (
    Answer,
    BoundedList,
    ResponseLimits,
    bounded,
    notices_of_books,
    with_currency,
)


@attrs.frozen(kw_only=True)
class CardShape:
    """What an answer about one object must hold.

    subject: the member with the object itself. listed: the member with a list that is bounded.
    """

    subject: str
    listed: str


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
        notices=(*notices, *notices_of_books(members, arguments), *text_notices(body)),
    )
    return bounded(with_currency(members, limits), items, limits)
