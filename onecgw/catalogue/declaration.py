"""What one declaration of the catalogue is: a tool, its arguments, and what a base may lack."""

import functools
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, get_args, get_type_hints

import attrs

from onecgw.auth.caller import COST

COST_MEASURES: Final = frozenset({"cost", "profit", "margin"})


class Kind(Enum):
    """How a tool's answer is asked for and shaped."""

    RESOLVER = "resolver"  # candidates; bounded by `limit`
    TABLE = "table"  # columns and rows; one row more is asked for to learn `truncated`
    PASSED = "passed"  # sent as asked and passed through
    COMPOSITE = "composite"  # made of other tools' answers; 1C itself does not know it


@attrs.frozen(kw_only=True)
class Arg:
    """What a field of a request class says beyond its type.

    about: one short sentence for the model.
    name: the key on the wire where Python cannot spell it.
    source: the tool whose answers hold the values, told to who may call it.
    minimum: of an integer. maximum: the name of the setting in `limits` above which the value is
        clamped. max_length: of a text.
    default: what 1C takes when the key is absent (told to the model, never sent).
    cost: members of the enumeration that need the scope mcp:report:cost.
    """

    about: str
    name: str | None = None
    source: str | None = None
    minimum: int | None = None
    maximum: str | None = None
    max_length: int | None = None
    default: tuple[str, ...] = ()
    cost: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Field:
    """One argument as the request class declares it.

    name: on the wire. attribute: in Python. type: without `Annotated` and `| None`.
    """

    name: str
    attribute: str
    type: Any
    arg: Arg
    is_required: bool


@functools.cache
def fields_of(request: type) -> tuple[Field, ...]:
    """The arguments that a request class declares, in its order."""
    hints = get_type_hints(request, include_extras=True)
    return tuple(_field(attribute, hints[attribute.name]) for attribute in attrs.fields(request))


def _field(attribute: "attrs.Attribute[Any]", hint: Any) -> Field:  # noqa: ANN401 - a type hint
    inner, arg = get_args(hint)
    return Field(
        name=arg.name or attribute.name,
        attribute=attribute.name,
        type=without_none(inner),
        arg=arg,
        is_required=attribute.default is attrs.NOTHING,
    )


def without_none(hint: Any) -> Any:  # noqa: ANN401 - a type hint
    """The type itself where it is optional: `X | None` → `X`."""
    members = [member for member in get_args(hint) if member is not type(None)]
    return members[0] if type(None) in get_args(hint) else hint


@attrs.frozen(kw_only=True)
class Tool:
    """One thing the gateway can answer, declared once.

    scopes: all of them are needed. about: for a model that has to choose. remarks: further
        sentences, each told only to who may know of every tool and measure that it names.
    path: of the 1C HTTP service, as in `/mcp/reports/sales`; of a composite the REST route alone.
    composition: how a composite is made; None for every other kind.
    naming: an id that may also be given by name; None without one.
    """

    name: str
    title: str
    scopes: frozenset[str]
    about: str
    remarks: tuple[str, ...] = ()
    request: type
    path: str
    kind: Kind
    composition: "Composition | None" = None
    naming: "Naming | None" = None

    @property
    def rest_path(self) -> str:
        """The REST route: the 1C path without its root `/mcp`."""
        return self.path.removeprefix("/mcp")

    def is_open_to(self, scopes: frozenset[str]) -> bool:
        """Whether a caller with these scopes may call the tool."""
        return self.scopes <= scopes


@attrs.frozen(kw_only=True)
class Naming:
    """An argument that holds an id, and another one that may hold a name instead.

    name, id: the two arguments; exactly one is given. resolver: finds what the name means.
    """

    name: str
    id: str
    resolver: Tool


@attrs.frozen(kw_only=True)
class Question:
    """One answer that a composite needs from 1C.

    request: an object of tool.request. read: the answer's bytes → a value of the composite's own;
    raises OnecBadResponse. needed_by: the results that are lost without it. is_settled: it is
    about days that are over, so that its answer may be kept for a while.
    """

    tool: Tool
    request: object
    read: Callable[[bytes], Any]
    needed_by: tuple[Hashable, ...]
    is_settled: bool = False


@attrs.frozen(kw_only=True)
class Composition:
    """How a composite tool is answered: two pure functions around the calls to 1C.

    tools: those that it asks; where the 1C base lacks one, it lacks the composite.
    plan: request, UTC now → the questions, in the order in which they are asked; raises
        ValidationFailed. compose: request, what each question came to (its value or an
        OnecgwError), UTC now → the answer; raises OnecgwError where nothing can be told.
    output: the members of the answer, as JSON Schema.
    """

    tools: tuple[Tool, ...]
    plan: Callable[[Any, datetime], Mapping[Any, Question]]
    compose: Callable[[Any, Mapping[Any, Any], datetime], Mapping[str, object]]
    output: Mapping[str, Mapping[str, Any]]


@attrs.frozen(kw_only=True)
class Capabilities:
    """What the 1C base behind the gateway does not support (contract, section 8).

    unsupported: tool → `filters`, `group_by`, `measures` or `params` → names.
    always_empty: kinds of object whose resolver never finds anything, as in `sales_channel`.
    """

    profile: str = ""
    unavailable: frozenset[str] = frozenset()
    unsupported: Mapping[str, Mapping[str, frozenset[str]]] = attrs.field(factory=dict)
    always_empty: frozenset[str] = frozenset()

    def lacks(self, tool: str, kind: str) -> frozenset[str]:
        """The names of one kind that a tool of this base does not support."""
        return self.unsupported.get(tool, {}).get(kind, frozenset())


def closed_measures(scopes: frozenset[str]) -> frozenset[str]:
    """The measures that a caller with these scopes must never see."""
    return frozenset() if COST in scopes else COST_MEASURES
