"""What one setting is: its explanation and bounds, declared in the annotation of its field."""

import types
from collections.abc import Callable, Iterator
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs

VARIABLE_PREFIX: Final = "ONECGW_"
DURATION_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Refused(ValueError):
    """A text is not accepted; the message says what is, and never quotes what may be secret."""


@attrs.frozen
class Rule:
    """What a text must look like.

    accepts: a noun phrase, for messages and the reference.
    normal: returns the normal form of a text, or None if it is not accepted; raises Refused
        where more can be said than that.
    """

    accepts: str
    normal: Callable[[str], str | None]


@attrs.frozen
class Secret:
    """A password or token that no repr and no log shows."""

    value: str = attrs.field(repr=lambda _: "***")


class Duration(str):
    """A length of time as it is written: `90s`, `15m`, `1h` or `30d`."""

    __slots__ = ()

    @property
    def seconds(self) -> int:
        """The same in seconds."""
        return int(self[:-1]) * DURATION_UNITS[self[-1]]


@attrs.frozen
class Setting:
    """The declaration of one setting, as in `Annotated[int, Setting("Rows.", minimum=1)]`.

    about: one line for config.yml and the reference.
    minimum, maximum: bounds of an integer; of a list, how many items it must have.
    choices: what the items of a list may be.
    rule: what a text, or each text of a list, must look like.
    shipped: the value in the shipped config.yml where that is not the default.
    """

    about: str
    minimum: int | None = attrs.field(default=None, kw_only=True)
    maximum: int | None = attrs.field(default=None, kw_only=True)
    choices: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    rule: Rule | None = attrs.field(default=None, kw_only=True)
    shipped: int | None = attrs.field(default=None, kw_only=True)


@attrs.frozen(kw_only=True)
class Leaf:
    """One setting at its place in the tree.

    key: dotted, as `onec.auth.type`.
    kind: the annotated type without `| None`.
    default: `attrs.NOTHING` when the setting is required.
    """

    key: str
    kind: Any
    default: object
    setting: Setting

    @property
    def is_secret(self) -> bool:
        """Whether the value must never be shown."""
        return self.kind is Secret

    @property
    def is_required(self) -> bool:
        """Whether there is no default."""
        return self.default is attrs.NOTHING

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return VARIABLE_PREFIX + self.key.upper().replace(".", "__")


@attrs.frozen(kw_only=True)
class Section:
    """A group of settings; `about` is the first line of its class's docstring."""

    key: str
    about: str


def walk(cls: type, prefix: str = "") -> Iterator[Section | Leaf]:
    """The settings under `cls` in their order, each section before its content."""
    hints = get_type_hints(cls, include_extras=True)
    for field in attrs.fields(cls):
        key, hint = prefix + field.name, hints[field.name]
        if attrs.has(hint):
            yield Section(key=key, about=(hint.__doc__ or "").partition("\n")[0])
            yield from walk(hint, f"{key}.")
        else:
            kind, setting = get_args(hint)
            yield Leaf(key=key, kind=_required(kind), default=field.default, setting=setting)


def _required(kind: object) -> object:
    """The type without `| None`."""
    if get_origin(kind) in {types.UnionType, Union}:
        return next(part for part in get_args(kind) if part is not types.NoneType)
    return kind
