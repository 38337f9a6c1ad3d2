"""How problems of settings are worded: what was written, what is accepted, what was meant."""

import difflib
import json
from collections.abc import Iterable
from typing import Final, Literal, get_args, get_origin

from onecgw.settings.declaration import Leaf

_SHOWN_LENGTH: Final = 80
_TELLING: Final = frozenset("@?#")
"""A URL with one of these may carry a password or a token."""


def accepted(leaf: Leaf) -> str:
    """What a setting accepts, as a noun phrase."""
    setting = leaf.setting
    text = setting.rule.accepts if setting.rule else "a text"
    if leaf.kind is bool:
        return "true or false"
    if leaf.kind is int:
        return f"an integer from {setting.minimum} to {setting.maximum}"
    if get_origin(leaf.kind) is Literal:
        return "one of " + ", ".join(get_args(leaf.kind))
    if get_origin(leaf.kind) is tuple:
        if setting.choices:
            return "a list of one or more of " + ", ".join(setting.choices)
        return f"a list, each item {text}"
    return text


def shown(text: str | tuple[str, ...]) -> str:
    """A value that is no secret, quoted for one line; "" where it might carry one."""
    whole = text if isinstance(text, str) else ", ".join(text)
    if not _TELLING.isdisjoint(whole):
        return ""
    if len(whole) > _SHOWN_LENGTH:
        whole = whole[:_SHOWN_LENGTH] + "…"
    return json.dumps(whole, ensure_ascii=not whole.isprintable())


def unknown(name: str, known: Iterable[str]) -> str:
    """That a name is not a setting's, and the nearest one that is."""
    names = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name[:_SHOWN_LENGTH].lower(), names, n=1)
    return "not a setting" + "".join(f"; did you mean {names[match]}?" for match in near)
