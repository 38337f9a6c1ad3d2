"""The filters of a request as restrictions of dimensions: ids checked, groups spread out."""

import re
from collections.abc import Iterator
from typing import Final

import attrs

from onecgw.backends.odata import url
from onecgw.backends.odata.profile import DIMENSIONS, RegisterSource
from onecgw.backends.odata.references import References
from onecgw.backends.odata.reports import ReportFilter
from onecgw.backends.odata.request import RequestedReport
from onecgw.errors import OnecRejected
from onecgw.locales.text import say

_MEMBER: Final = re.compile(r"\w+")


@attrs.frozen(kw_only=True)
class Restriction:
    """One of the alternatives must hold: a dimension has one of these ids.

    is_for_rows: 1C is not called with it, because nearly everything is among the ids.
    """

    alternatives: tuple[tuple[str, frozenset[str]], ...]
    is_for_rows: bool = False


def restrictions_of(request: RequestedReport, references: References) -> list[Restriction]:
    """Read the filters of a request.

    Raises:
        OnecRejected: an id that the base does not have, or a group where none is allowed.
    """
    joined: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for one in request.report.filters:
        if one.name in request.filters:
            ids = _spread(one, request.filters[one.name], references)
            joined.setdefault(one.either or one.name, []).append((one.of, ids))
    found = [Restriction(alternatives=tuple(parts)) for parts in joined.values()]
    return [*found, *_status(request, references)]


def _status(request: RequestedReport, references: References) -> Iterator[Restriction]:
    """The products that are in use, or those that are not."""
    status = request.choices.get("product_status")
    if status is None:
        return
    catalogue = references.catalogue("product")
    entries = catalogue.entries.values() if catalogue is not None else ()
    ids = frozenset(one.id for one in entries if one.is_archived == (status == "archived"))
    yield Restriction(
        alternatives=(("product", ids),),
        is_for_rows=status == "active",
    )


def _spread(one: ReportFilter, given: tuple[str, ...], references: References) -> frozenset[str]:
    """The ids that count: those given, and everything below them where groups are allowed."""
    catalogue = references.catalogue(one.of)
    found: set[str] = set()
    for place, entry_id in enumerate(given):
        path = f"filters.{one.name}[{place}]"
        entry = catalogue.entries.get(entry_id) if catalogue is not None else None
        if entry is None or catalogue is None:
            # OData may lack members of an enumeration; a report may have shown this one.
            if DIMENSIONS[one.of] in references.profile.members and _MEMBER.fullmatch(entry_id):
                found.add(entry_id)
                continue
            raise OnecRejected(say("odata.no_object", path=path, id=entry_id[:60]))
        if one.branches:
            found |= catalogue.branch(entry_id)
        elif entry.is_group:
            raise OnecRejected(say("odata.folder", path=path, label=entry.label))
        else:
            found.add(entry_id)
    return frozenset(found)


def comparisons(
    source: RegisterSource, restriction: Restriction, references: References
) -> list[str] | None:
    """The comparisons of a restriction, to be joined by `or`; None where 1C cannot make them."""
    if restriction.is_for_rows:
        return None
    found: list[str] = []
    for dimension, ids in restriction.alternatives:
        field = source.dims.get(dimension)
        if field is None or field.side is not None:
            return None
        column = references.types.column(source.row_type, field.field)
        if column is None:
            return None
        is_composite = references.types.is_composite(source.row_type, column)
        keys = ids
        if field.key is not None:
            if is_composite:
                return None
            behind = references.keys[field.key]
            keys = frozenset(key for key, gives in behind.items() if gives.get(dimension) in ids)
        sets = field.types or tuple(one.entity_set for one in references.profile.set_of(dimension))
        literal = url.guid if column.endswith("_Key") else url.text
        found += [
            f"{column} eq {value}"
            for one in sorted(keys)
            for value in (
                [url.reference(one, entity_set) for entity_set in sets]
                if is_composite
                else [literal(one)]
            )
        ]
    return found
