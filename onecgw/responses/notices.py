"""The notices of an answer: what was cut, 1C's own notice, what a client may misread.

What 1C says of the size of its own answer is never overruled.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from onecgw.locales import Language
from onecgw.locales.text import in_language, say
from onecgw.responses.raw_json import Members, encode, is_empty, plain_value
from onecgw.text import REPLACEMENT

DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
EXACT_DIGITS: Final = 15  # of a number that a binary float holds (IEEE 754, binary64)

CUT_BY_1C: Final = "notices.cut_by_1c"
SHOWN_CHARACTERS: Final = 100  # of what 1C says of the size of its answer
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

_DIGITS_ALIKE: Final = bytes.maketrans(b"123456789.", b"0" * 10)
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LONG: Final = re.compile(rb"[0-9.]{%d,}" % (EXACT_DIGITS + 1))


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
        key, value = name.replace("_", "").casefold(), plain_value(raw)
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


def text_notices(body: bytes) -> tuple[str, ...]:
    """What has to be said of the texts and numbers in a JSON text."""
    notices = []
    if has_replacement(body):
        notices.append(say("notices.replaced"))
    if has_long_numbers(body):
        notices.append(say("notices.long_numbers", digits=EXACT_DIGITS))
    return tuple(notices)


def has_replacement(body: bytes) -> bool:
    """Whether a JSON text holds U+FFFD, as it is or escaped."""
    # One byte is looked for first: it is rare, and such a search is a hundred times faster.
    if b"\xef" in body and REPLACEMENT.encode() in body:
        return True
    return b"\\" in body and (rb"\ufffd" in body or rb"\uFFFD" in body)


def has_long_numbers(body: bytes) -> bool:
    """Whether a JSON text has a number of more than EXACT_DIGITS significant digits."""
    # A fast search for long runs of digits rules out nearly every answer; the rest is examined.
    if b"0" * (EXACT_DIGITS + 1) not in body.translate(_DIGITS_ALIKE):
        return False
    return any(
        len(run.replace(b".", b"").strip(b"0")) > EXACT_DIGITS
        for run in _LONG.findall(_STRING.sub(b'""', body))
    )


def dates_of_books(members: Members) -> dict[str, msgspec.Raw]:
    """The last day with documents and that of the closed periods, as far as an answer has them."""
    names = ("as_of", "closed_until")
    return {name: members[name] for name in names if not is_empty(members.get(name))}


def after_last_document(members: Members, day: date | str) -> tuple[str, ...]:
    """A sentence, where the day of an answer is after the last document of the books.

    Args:
        members: of the answer; `as_of` names the day of the last document.
        day: the last one that the answer is about; a text that is no day is ignored.
    """
    raw = members.get("as_of")
    if raw is None or bytes(raw)[:1] != b'"':
        return ()
    as_of = msgspec.json.decode(raw, type=str)[:10]
    if not (DAY.fullmatch(as_of) and DAY.fullmatch(str(day)) and str(day) > as_of):
        return ()
    return (say("notices.after_last_document", day=day, as_of=as_of),)


def notice_member(
    sentences: Iterable[str], members: Members, language: Language
) -> dict[str, object]:
    """The member `notice`: our sentences, and after them what 1C itself had to notice.

    It is always a text, although 1C's own may be a list; null is ignored.
    """
    ours = (in_language(sentence, language) for sentence in sentences if sentence)
    notice = " ".join(filter(None, (*ours, _notice_of(members.get("notice")))))
    return {"notice": notice} if notice else {}


def _notice_of(raw: msgspec.Raw | None) -> str:
    value = msgspec.json.decode(raw) if raw is not None and bytes(raw)[:1] in b'"[{' else None
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return bytes(raw).decode() if value and raw is not None else ""
