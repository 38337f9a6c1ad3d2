"""The text of a setting -> its value, strictly by the declared type and never by YAML's guess."""

import re
from collections.abc import Collection
from typing import Final, Literal, get_args, get_origin

import attrs

from onecgw.errors import Problem
from onecgw.settings.declaration import Leaf, Refused
from onecgw.settings.messages import accepted

_UNWRITABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@attrs.frozen(kw_only=True)
class Given:
    """What the operator wrote for one setting.

    place: `config/config.yml:12:5`, or the name of an environment variable.
    text: None when it is left empty, a tuple for a list.
    refusal: why there is no text at all, "" if there is.
    """

    place: str
    text: str | tuple[str, ...] | None = attrs.field(default=None, repr=False)
    refusal: str = ""


@attrs.frozen(kw_only=True)
class Reading:
    """What a source says: the text of each setting by its key, and what belongs to none."""

    given: dict[str, Given]
    problems: list[Problem]


def parse(leaf: Leaf, text: str | tuple[str, ...]) -> object:
    """The value of a setting.

    Raises:
        Refused: it is not what the setting accepts.
    """
    if isinstance(text, tuple) != (get_origin(leaf.kind) is tuple):
        raise _unexpected(leaf)
    if isinstance(text, str):
        return _parse_scalar(leaf, text)
    if len(text) < (leaf.setting.minimum or 0):
        raise _unexpected(leaf)
    return tuple(dict.fromkeys(_parse_text(leaf, item) for item in text))


def _parse_scalar(leaf: Leaf, text: str) -> object:
    if leaf.kind is bool:
        return _chosen(leaf, text, ("true", "false")) == "true"
    if leaf.kind is int:
        return _parse_integer(leaf, text)
    if get_origin(leaf.kind) is Literal:
        return _chosen(leaf, text, get_args(leaf.kind))
    return leaf.kind(_parse_text(leaf, text))


def _parse_integer(leaf: Leaf, text: str) -> int:
    # No leading zeros and no underscores: YAML would read 010 as 8.
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        raise _unexpected(leaf)
    number, setting = int(text), leaf.setting
    if setting.minimum is not None and number < setting.minimum:
        raise _unexpected(leaf)
    if setting.maximum is not None and number > setting.maximum:
        raise _unexpected(leaf)
    return number


def _parse_text(leaf: Leaf, text: str) -> str:
    if _UNWRITABLE.search(text):
        raise Refused("a text on one line and without control characters is expected")
    if leaf.setting.choices:
        return _chosen(leaf, text, leaf.setting.choices)
    normal = leaf.setting.rule.normal(text) if leaf.setting.rule else text
    if normal is None:
        raise _unexpected(leaf)
    return normal


def _chosen(leaf: Leaf, text: str, choices: Collection[str]) -> str:
    if text not in choices:
        raise _unexpected(leaf)
    return text


def _unexpected(leaf: Leaf) -> Refused:
    return Refused(f"{accepted(leaf)} is expected")
