"""Arguments of a tool, as the annotations of its request class declare them."""

import functools
from typing import Any, get_args, get_type_hints

import attrs


@attrs.frozen(kw_only=True)
class Arg:
    """What a field of a request class says beyond its type.

    about: one short sentence for the model.
    name: the key on the wire where Python cannot spell it.
    source: the tool whose answers hold the values; named to callers who may call it.
    minimum, most: of an integer; what is beyond is refused. Of an array, most elements.
    maximum: the name of the setting in `limits` above which an integer is lowered.
    max_length: of a text.
    may_be_empty: an empty text is accepted, too.
    default: what 1C takes when the key is absent; described to the model, never sent.
    takes_groups: an id of a folder means all that is in it.
    cost: members of the enumeration that need the scope mcp:report:cost.
    is_local: it is for the gateway, and never sent to 1C.
    """

    about: str
    name: str | None = None
    source: str | None = None
    minimum: int | None = None
    most: int | None = None
    maximum: str | None = None
    max_length: int | None = None
    may_be_empty: bool = False
    default: tuple[str, ...] = ()
    takes_groups: bool = False
    cost: frozenset[str] = frozenset()
    is_local: bool = False


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
    """The arguments that a request class declares, in its order.

    An argument that a subclass declares anew keeps its place, as in a dataclass.
    """
    attributes = attrs.fields_dict(request)
    hints = get_type_hints(request, include_extras=True)
    return tuple(_field(attributes[name], hints[name]) for name in hints if name in attributes)


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
