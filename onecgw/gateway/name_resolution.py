"""An object given by its name instead of its id: which candidate of the resolver is meant."""

from typing import Final

import msgspec

from onecgw.catalogue.kinds.tool import NameArgument
from onecgw.errors import Ambiguous, Candidate, Problem, ValidationFailed
from onecgw.locales.text import say
from onecgw.responses.candidates import read_candidates
from onecgw.text import folded

LISTED_CANDIDATES: Final = 10


class _Row(msgspec.Struct):
    id: str
    label: str
    city: msgspec.Raw = msgspec.Raw(b"")
    phone: msgspec.Raw = msgspec.Raw(b"")
    code: msgspec.Raw = msgspec.Raw(b"")


def name_to_resolve(argument: NameArgument, request: object) -> str | None:
    """The name that stands for the id; None if the id itself is given.

    Raises:
        ValidationFailed: both are given, or neither.
    """
    name: str | None = getattr(request, argument.name)
    identity: str | None = getattr(request, argument.id)
    if (name is None) == (identity is None):
        message = say("errors.id_or_name", name=argument.name)
        raise ValidationFailed((Problem(path=argument.id, message=message),))
    return name


def pick_candidate(argument: NameArgument, name: str, found: bytes, *, limit: int) -> str:
    """The id of the one object that the name means.

    Args:
        argument: which argument it is.
        name: what the caller said.
        found: the resolver's answer to it.
        limit: how many candidates are read; the request to 1C was for one more.

    Raises:
        ValidationFailed: nothing fits.
        Ambiguous: several may fit. A single exact match is accepted only if the list was not
            cut.
        OnecBadResponse: the answer is not that of a resolver.
    """
    candidates = read_candidates(found)
    rows = [msgspec.json.decode(item, type=_Row) for item in candidates.items]
    if not rows:
        message = say("errors.nothing_fits", name=repr(name), resolver=argument.resolver.name)
        raise ValidationFailed((Problem(path=argument.name, message=message),))
    is_cut = bool(candidates.cut) or len(rows) > limit
    # A join in the query of 1C may find one object twice.
    rows = list({row.id: row for row in rows}.values())
    exact = [row for row in rows if folded(row.label) == folded(name)]
    # If the list was cut, the part that is missing may hold another object of the same name.
    fitting = exact if len(exact) == 1 and not is_cut else rows
    if len(fitting) > 1 or is_cut:
        raise Ambiguous(
            argument=argument.name,
            id_argument=argument.id,
            candidates=tuple(_candidate(row) for row in fitting[:LISTED_CANDIDATES]),
            known=len(fitting),
            is_cut=is_cut,
        )
    return fitting[0].id


def _candidate(row: _Row) -> Candidate:
    """A candidate with what distinguishes it from others of the same name."""
    marks = [
        mark
        for raw in (row.city, row.phone, row.code)
        if bytes(raw)[:1] == b'"' and (mark := msgspec.json.decode(raw, type=str))
    ]
    return Candidate(id=row.id, label=row.label, mark=", ".join(marks))
