"""How one setting is declared: its explanation and bounds, in the metadata of its field."""

import types
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs

VARIABLE_PREFIX: Final = "ONECGW_"
_METADATA: Final = "setting"
DURATION_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class InvalidValue(ValueError):
    """A text is not accepted; the message says what is, and never quotes the text."""


@attrs.frozen
class Rule:
    """The format of a text.

    accepts: the format as a noun phrase, for messages and the reference.
    normal: returns the normal form of a text, or None if it is not accepted; raises InvalidValue
        to say more than `accepts`.
    """

    accepts: str
    normal: Callable[[str], str | None]


@attrs.frozen
class Secret:
    """A password or token that is hidden in repr, and so in logs."""

    value: str = attrs.field(repr=lambda _: "***")


class Duration(str):
    """A length of time as the operator writes it: `90s`, `15m`, `1h` or `30d`."""

    __slots__ = ()

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return int(self[:-1]) * DURATION_UNITS[self[-1]]


@attrs.frozen
class Setting:
    """The explanation and the bounds of one setting.

    about: one line for config.yml and the reference.
    between: the least and the greatest value of an integer.
    choices: what the items of a list may be; it has at least one then.
    rule: the format of a text, or of each text of a list.
    """

    about: str
    between: tuple[int, int] = attrs.field(default=(0, 0), kw_only=True)
    choices: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    rule: Rule | None = attrs.field(default=None, kw_only=True)


def setting(default: object, about: str, **bounds: Any) -> Any:  # noqa: ANN401 - as attrs.field
    """Return the field of a setting.

    Args:
        default: its default; `attrs.NOTHING` when it is required.
        about: its explanation.
        bounds: the other members of Setting.
    """
    return attrs.field(default=default, metadata={_METADATA: Setting(about, **bounds)})


@attrs.frozen(kw_only=True)
class DeclaredSetting:
    """One setting with its key and default.

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
        """Whether the value must never be shown or logged."""
        return self.kind is Secret

    @property
    def is_required(self) -> bool:
        """Whether there is no default."""
        return self.default is attrs.NOTHING

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file."""
        return VARIABLE_PREFIX + self.key.upper().replace(".", "__")

    def value_in(self, settings: object) -> object:
        """Return the value that this setting has in the settings."""
        return attrgetter(self.key)(settings)


@attrs.frozen(kw_only=True)
class Section:
    """A group of settings; `about` is the first line of its class's docstring."""

    key: str
    about: str


def walk_schema(cls: type, prefix: str = "") -> Iterator[Section | DeclaredSetting]:
    """Yield the settings of `cls` in their order, each section before its settings."""
    hints = get_type_hints(cls)
    for field in attrs.fields(cls):
        key, hint = prefix + field.name, hints[field.name]
        if attrs.has(hint):
            yield Section(key=key, about=(hint.__doc__ or "").partition("\n")[0])
            yield from walk_schema(hint, f"{key}.")
        else:
            yield DeclaredSetting(
                key=key,
                kind=_required(hint),
                default=field.default,
                setting=field.metadata[_METADATA],
            )


def _required(kind: object) -> object:
    """Return a type without `| None`."""
    if get_origin(kind) in {types.UnionType, Union}:
        return next(part for part in get_args(kind) if part is not types.NoneType)
    return kind
