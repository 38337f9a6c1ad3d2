"""The answer that a caller gets: a JSON object whose list is cut to what one surface takes.

Every number and text leaves digit for digit as 1C sent it: members, rows and cells are carried as
raw JSON and spliced. Hot for large answers: a list is taken apart only where it is cut.
"""

from functools import cached_property
from typing import Final

import attrs
import msgspec

from onecgw.errors import LimitExceeded
from onecgw.locales import DEFAULT_LANGUAGE, Language
from onecgw.locales.text import join_texts, say
from onecgw.responses.completeness import CUT_BY_1C
from onecgw.responses.notices import notice_member
from onecgw.responses.raw_json import Members, array, splice
from onecgw.responses.redaction import Redaction

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


def bounded(members: Members, listed: BoundedList, limits: ResponseLimits) -> Answer:
    """The answer with as many items as fit; the notice reports a cut by the gateway or by 1C.

    Raises:
        LimitExceeded: it is larger than `limits.max_bytes` without any item.
    """
    kept, narrow = min(listed.count, limits.rows), say(listed.narrow)
    cut = ""
    if kept < listed.count:
        first = say(f"notices.first_{listed.noun}", count=kept)
        more = say(listed.more, most=limits.max_rows) if listed.more else ""
        cut = join_texts(" ", (first, narrow, more))
    body = _assemble(members, listed, limits, kept=kept, cut=cut)
    if limits.max_bytes is None or len(body) <= limits.max_bytes:
        return Answer(body=body, rows=kept)

    def shorter(count: int, kept: int) -> bytes:
        first = say(f"notices.first_{listed.noun}_bytes", count=count, bytes=limits.max_bytes)
        cut = join_texts(" ", (first, narrow))
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
