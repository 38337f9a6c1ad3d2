"""The candidates of a resolver's answer: those that can be used, and what is said of the others."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import attrs
import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.notices import cut_by_1c, text_notices
from onecgw.responses.raw_json import Members, array, decode, encode, read_members, splice
from onecgw.responses.redaction import redact
from onecgw.responses.response_check import check_no_error
from onecgw.responses.shaping import Answer, BoundedList, ResponseLimits, bounded

SMALL_BYTES: Final = 4 * 1024
KEPT_ANSWERS: Final = 256
_read_label: Final = msgspec.json.Decoder(str).decode
_read_id: Final = msgspec.json.Decoder(str | int).decode


@attrs.frozen(kw_only=True)
class Candidates:
    """What a resolver found.

    members: of the answer.
    items: each an object with the texts `id` and `label`, otherwise as 1C sent it.
    notices: sentences on those that were left out.
    cut: a sentence, where 1C says that there are more; otherwise "".
    """

    members: Members
    items: list[msgspec.Raw]
    notices: tuple[str, ...]
    cut: str


def read_candidates(body: bytes) -> Candidates:
    """The candidates in a resolver's answer.

    Raises:
        OnecRejected: it reports an error.
        OnecBadResponse: there are no candidates, or none with an id and a label.
    """
    return _read_small(body) if len(body) <= SMALL_BYTES else candidates_of(read_members(body))


# An answer is read before it is kept, and again when it is shaped.
@lru_cache(maxsize=KEPT_ANSWERS)
def _read_small(body: bytes) -> Candidates:
    return candidates_of(read_members(body))


def candidates_of(members: Members) -> Candidates:
    """The candidates among the members of a resolver's answer; raises as read_candidates."""
    check_no_error(members)
    sent = decode(members.get("candidates"), list[msgspec.Raw], "list", member="candidates")
    items = [item for raw in sent if (item := _usable(raw)) is not None]
    left_out = len(sent) - len(items)
    if left_out and not items:
        raise OnecBadResponse(say("bad_response.candidates", count=left_out))
    notice = say("notices.candidates_left_out", left_out=left_out, count=len(sent))
    return Candidates(
        members=members,
        items=items,
        notices=(notice,) if left_out else (),
        cut=cut_by_1c(members, len(sent)),
    )


def _usable(raw: msgspec.Raw) -> msgspec.Raw | None:
    """A candidate with an id, which may be a number, and a label; None if it lacks one."""
    try:
        members = read_members(bytes(raw))
        label = _read_label(members["label"])
        identity = _read_id(members["id"])
    except (KeyError, msgspec.DecodeError, OnecBadResponse):
        return None
    if not label.strip() or not str(identity).strip():
        return None
    if isinstance(identity, str):
        return raw
    return msgspec.Raw(splice({}, members | {"id": msgspec.Raw(encode(str(identity)))}))


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
