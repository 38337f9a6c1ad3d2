"""An object given by its name instead of its id: which candidate of the resolver is meant."""

from typing import Final

import attrs
import msgspec

from onecgw.catalogue.kinds import NameArgument
from onecgw.errors import Ambiguous, Candidate, OnecBadResponse, Problem, ValidationFailed

LISTED_CANDIDATES: Final = 10


class _Row(msgspec.Struct):
    id: str
    label: str
    city: msgspec.Raw = msgspec.Raw(b"")
    phone: msgspec.Raw = msgspec.Raw(b"")
    code: msgspec.Raw = msgspec.Raw(b"")


class _Rows(msgspec.Struct):
    candidates: list[_Row]


def name_to_resolve(argument: NameArgument, request: object) -> str | None:
    """The name that stands for the id; None if the id itself is given.

    Raises:
        ValidationFailed: both are given, or neither.
    """
    name: str | None = getattr(request, argument.name)
    identity: str | None = getattr(request, argument.id)
    if (name is None) == (identity is None):
        message = f"is required, or {argument.name}: exactly one of the two"
        raise ValidationFailed((Problem(path=argument.id, message=message),))
    return name


def with_id(argument: NameArgument, request: object, identity: str) -> object:
    """The same request with the id instead of the name."""
    changes = {argument.name: None, argument.id: identity}
    changed: object = attrs.evolve(request, **changes)  # type: ignore[misc]  # requests are attrs classes
    return changed


def pick_candidate(argument: NameArgument, name: str, found: bytes) -> str:
    """The id of the one object that the name means.

    Args:
        argument: which argument it is.
        name: what the caller said.
        found: the resolver's answer to it.

    Raises:
        ValidationFailed: nothing fits.
        Ambiguous: several fit; the only one that is called exactly so would do.
        OnecBadResponse: the answer is not that of a resolver.
    """
    try:
        rows = msgspec.json.decode(found, type=_Rows).candidates
    except msgspec.DecodeError as error:
        raise OnecBadResponse(f"1C answered {argument.resolver.name} with: {error}") from error
    if not rows:
        message = f"nothing fits {name!r}; try fewer words or {argument.resolver.name}"
        raise ValidationFailed((Problem(path=argument.name, message=message),))
    exact = [row for row in rows if _folded(row.label) == _folded(name)]
    fitting = exact if len(exact) == 1 else rows
    if len(fitting) > 1:
        raise Ambiguous(
            argument=argument.name,
            id_argument=argument.id,
            candidates=tuple(_candidate(row) for row in fitting[:LISTED_CANDIDATES]),
        )
    return fitting[0].id


def _candidate(row: _Row) -> Candidate:
    """A candidate with what tells it from its namesakes."""
    marks = [
        mark
        for raw in (row.city, row.phone, row.code)
        if raw and isinstance(mark := msgspec.json.decode(raw), str) and mark
    ]
    return Candidate(id=row.id, label=row.label, mark=", ".join(marks))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
