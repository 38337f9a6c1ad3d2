"""The texts about problems of settings: the value given, what is accepted, similar names."""

import json
from collections.abc import Iterable
from typing import Final, Literal, get_args, get_origin

from onecgw.settings.declaration import DeclaredSetting

_SHOWN_LENGTH: Final = 80
_SECRET_MARKS: Final = frozenset("@?#")
"""A URL with one of these characters may hold a password or a token."""


def describe_accepted(declared: DeclaredSetting) -> str:
    """Return what a setting accepts, as a noun phrase."""
    setting = declared.setting
    text = setting.rule.accepts if setting.rule else "a text"
    if declared.kind is bool:
        return "true or false"
    if declared.kind is int:
        least, greatest = setting.between
        return f"an integer from {least} to {greatest}"
    if get_origin(declared.kind) is Literal:
        return "one of " + ", ".join(get_args(declared.kind))
    if get_origin(declared.kind) is tuple:
        if setting.choices:
            return "a list of one or more of " + ", ".join(setting.choices)
        return f"a list, each item {text}"
    return text


def quote_value(text: str | tuple[str, ...]) -> str:
    """Return a value quoted on one line; "" if it may hold a password or a token."""
    whole = text if isinstance(text, str) else ", ".join(text)
    if not _SECRET_MARKS.isdisjoint(whole):
        return ""
    if len(whole) > _SHOWN_LENGTH:
        whole = whole[:_SHOWN_LENGTH] + "…"
    return json.dumps(whole, ensure_ascii=not whole.isprintable())


def describe_unknown(name: str, known: Iterable[str]) -> str:
    """Return the message about an unknown name, with the most similar known one."""
    import difflib  # noqa: PLC0415 - rarely needed

    names = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name[:_SHOWN_LENGTH].lower(), names, n=1)
    return "not a setting" + "".join(f"; did you mean {names[match]}?" for match in near)
