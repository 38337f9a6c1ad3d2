"""What 1C says of the size of its own answer: whether it is the whole, and how large that is."""

from typing import Final

import msgspec

from onecgw.locales.text import say
from onecgw.responses.raw_json import Members, encode

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


def plain_value(raw: msgspec.Raw) -> object:
    """A member, decoded; None if it has a number that no float holds."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None


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
