"""The resolvers' answers: from a name, code, telephone or id to the entries of a catalogue."""

from collections.abc import Mapping
from typing import Final

import trio

from onecgw.backends.odata.base import Base
from onecgw.backends.odata.catalogues import CatalogueEntry, ODataCatalogue
from onecgw.backends.odata.refusals import refuse_unavailable
from onecgw.backends.odata.reports import PRODUCT_DETAILS, WITH_GROUPS
from onecgw.backends.odata.request import Body, check_keys, read_count
from onecgw.errors import OnecRejected
from onecgw.locales.text import say

_DEFAULT_LIMIT: Final = 10
_MAX_QUERY: Final = 200
_MAX_DETAILS: Final = 500


async def answer_resolver(base: Base, kind: str, body: Body) -> dict[str, object]:
    """The candidates for a query, best first.

    Raises:
        OnecRejected: the arguments are wrong.
        OnecNotPublished: the base lacks the catalogue.
        OnecError: it cannot be read.
    """
    refuse_unavailable(base, f"resolve_{kind}")
    check_keys(body, ("query", "limit", *(("include_groups",) if kind in WITH_GROUPS else ())))
    query = body.get("query")
    if not isinstance(query, str) or len(query) > _MAX_QUERY:
        raise OnecRejected(say("odata.query", most=_MAX_QUERY))
    with_groups = body.get("include_groups", False)
    if not isinstance(with_groups, bool):
        raise OnecRejected(say("odata.include_groups"))
    limit = read_count(body, "limit") or _DEFAULT_LIMIT
    if kind in base.profile.empty:
        return {"candidates": [], **({} if query.strip() else {"total": 0})}
    catalogue = await base.loading.catalogue(kind)
    # A hundred thousand products take the processor for a while.
    found = await trio.to_thread.run_sync(
        lambda: (
            catalogue.search(query, with_groups=with_groups)
            if query.strip()
            else catalogue.all(with_groups=with_groups)
        )
    )
    currencies: Mapping[str, CatalogueEntry] = {}
    if kind == "cash" and "currency" in base.profile.catalogues:
        currencies = (await base.loading.catalogue("currency")).entries
    return {
        "candidates": [_candidate(one, catalogue, currencies) for one in found[:limit]],
        **({} if query.strip() else {"total": len(found)}),
    }


async def answer_product_details(base: Base, body: Body) -> dict[str, object]:
    """What products with known ids are, in the order of the ids; without their units.

    Raises:
        OnecRejected: the arguments are wrong, or an id is unknown or that of a folder.
        OnecNotPublished: the base lacks the catalogue.
        OnecError: it cannot be read.
    """
    refuse_unavailable(base, PRODUCT_DETAILS)
    check_keys(body, ("product_ids",))
    ids = body.get("product_ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= _MAX_DETAILS:
        raise OnecRejected(say("odata.details", most=_MAX_DETAILS))
    catalogue = await base.loading.catalogue("product")
    found = []
    for place, one in enumerate(ids):
        path = f"product_ids[{place}]"
        entry = catalogue.entries.get(one.lower()) if isinstance(one, str) else None
        if entry is None:
            raise OnecRejected(say("odata.no_object", path=path, id=f"{one!r:.60}"))
        if entry.is_group:
            raise OnecRejected(say("odata.folder", path=path, label=entry.label))
        above = catalogue.entries.get(entry.parent) if entry.parent is not None else None
        found.append(
            {
                **entry.cell,
                "code": entry.code,
                "group": above.label if above is not None else None,
                "status": "archived" if entry.is_archived else "active",
            }
        )
    return {"candidates": found, "notes": [say("odata.no_units")]}


def _candidate(
    one: CatalogueEntry, catalogue: ODataCatalogue, currencies: Mapping[str, CatalogueEntry]
) -> dict[str, object]:
    is_group = catalogue.is_group(one)
    found: dict[str, object] = {
        "id": one.id,
        "label": one.label,
        "archived": one.is_archived,
        "code": one.code,
    }
    if catalogue.kind == "customer" and not one.is_group:
        found |= {"phone": one.phone, "city": one.city}
    if one.currency in currencies:
        found["currency"] = currencies[one.currency].label
    above = catalogue.entries.get(one.parent) if one.parent is not None else None
    if above is not None:
        found["group"] = above.label
    if is_group:
        found["is_group"] = True
    return found
