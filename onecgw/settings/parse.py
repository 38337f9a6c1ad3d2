"""Parse the text of a setting by its declared type; YAML's own types are not used."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal, get_args, get_origin

import attrs

from onecgw.errors import Problem
from onecgw.settings.declaration import DeclaredSetting, InvalidValue
from onecgw.settings.messages import describe_accepted

_UNWRITABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@attrs.frozen(kw_only=True)
class RawValue:
    """What the operator wrote for one setting.

    place: `config/config.yml:12:5`, or the name of an environment variable.
    text: None when it is left empty, a tuple for a list.
    error: why the text could not be read; "" if it could.
    file: that holds a secret alone; None: it stands at `place` itself.
    """

    place: str
    text: str | tuple[str, ...] | None = attrs.field(default=None, repr=False)
    error: str = ""
    file: Path | None = None


@attrs.frozen(kw_only=True)
class RawSettings:
    """What one source holds: the text of each setting by its key, and the problems found."""

    values: dict[str, RawValue]
    problems: list[Problem]


def parse(declared: DeclaredSetting, text: str | tuple[str, ...]) -> object:
    """Return the value of a setting.

    Raises:
        InvalidValue: the setting does not accept the text.
    """
    if isinstance(text, tuple) != (get_origin(declared.kind) is tuple):
        raise _unexpected(declared)
    if isinstance(text, str):
        return _parse_scalar(declared, text)
    if declared.setting.choices and not text:
        raise _unexpected(declared)
    return tuple(dict.fromkeys(_parse_text(declared, item) for item in text))


def _parse_scalar(declared: DeclaredSetting, text: str) -> object:
    if declared.kind is bool:
        return _chosen(declared, text, ("true", "false")) == "true"
    if declared.kind is int:
        return _parse_integer(declared, text)
    if get_origin(declared.kind) is Literal:
        return _chosen(declared, text, get_args(declared.kind))
    return declared.kind(_parse_text(declared, text))


def _parse_integer(declared: DeclaredSetting, text: str) -> int:
    # No leading zeros and no underscores: YAML would read 010 as 8.
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        raise _unexpected(declared)
    least, greatest = declared.setting.between
    if not least <= int(text) <= greatest:
        raise _unexpected(declared)
    return int(text)


def _parse_text(declared: DeclaredSetting, text: str) -> str:
    if _UNWRITABLE.search(text):
        raise InvalidValue("a text on one line and without control characters is expected")
    if declared.setting.choices:
        return _chosen(declared, text, declared.setting.choices)
    normal = declared.setting.rule.normal(text) if declared.setting.rule else text
    if normal is None:
        raise _unexpected(declared)
    return normal


def _chosen(declared: DeclaredSetting, text: str, choices: Collection[str]) -> str:
    if text not in choices:
        raise _unexpected(declared)
    return text


def _unexpected(declared: DeclaredSetting) -> InvalidValue:
    return InvalidValue(f"{describe_accepted(declared)} is expected")
