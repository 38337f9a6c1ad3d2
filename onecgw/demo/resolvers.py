"""The resolvers: from a name, code, telephone or reference to the lines of a catalogue."""

from typing import Final

import attrs

from onecgw.auth.caller import COST, MONEY, RESOLVE
from onecgw.demo.books import Books
from onecgw.demo.catalogue_search import CatalogueItem
from onecgw.demo.report_requests import (
    Body,
    RequestError,
    Scopes,
    check_keys,
    read_count,
    read_item,
)
from onecgw.demo.simulation.catalogue_entries import CatalogueName

_DEFAULT_LIMIT: Final = 10
_MAX_LIMIT: Final = 1_000
_MAX_QUERY: Final = 200
_MAX_DETAILS: Final = 500


@attrs.frozen
class Resolver:
    """One resolver.

    groups: whether folders are among the candidates: "never", "optional" (the caller sets
        include_groups), "always".
    facts: what a candidate has besides id, label, archived and code, unless it is a folder.
    """

    path: str
    scope: str
    catalogue: CatalogueName
    groups: str = "never"
    facts: tuple[str, ...] = ()


RESOLVERS: Final = (
    Resolver("customer", RESOLVE, "partners", groups="optional", facts=("phone", "city")),
    Resolver("warehouse", RESOLVE, "warehouses"),
    Resolver("product", RESOLVE, "products", groups="optional", facts=("unit",)),
    Resolver("sales_channel", RESOLVE, "channels", groups="always"),
    Resolver("cash", MONEY, "cash", facts=("currency",)),
    Resolver("cost_article", MONEY, "cost_articles", groups="optional"),
    Resolver("operation", MONEY, "operations"),
)


def answer_resolver(
    resolver: Resolver, books: Books, body: Body, scopes: Scopes
) -> dict[str, object]:
    """The candidates for a query, best first.

    Raises:
        RequestError: the arguments are wrong.
    """
    is_optional = resolver.groups == "optional"
    check_keys(body, ("query", "limit", *(["include_groups"] if is_optional else [])))
    query = body.get("query")
    if not isinstance(query, str) or len(query) > _MAX_QUERY:
        raise RequestError(
            "invalid_parameter", f"query must be a text of up to {_MAX_QUERY} characters"
        )
    include_groups = body.get("include_groups", False)
    if not isinstance(include_groups, bool):
        raise RequestError("invalid_parameter", "include_groups must be true or false")
    with_groups = include_groups or resolver.groups == "always"
    limit = min(read_count(body, "limit", _DEFAULT_LIMIT) or _DEFAULT_LIMIT, _MAX_LIMIT)
    catalogue = books.catalogues[resolver.catalogue]
    found = [
        item
        for item in (catalogue.search(query) if query.strip() else catalogue.all())
        if (with_groups or not item.is_group)
        and (COST in scopes or not item.facts.get("restricted"))
    ]
    return {
        "candidates": [_candidate(resolver, item, books) for item in found[:limit]],
        **({} if query.strip() else {"total": len(found)}),
    }


def answer_product_details(books: Books, body: Body, scopes: Scopes) -> dict[str, object]:
    """What products with known ids are, in the order of the ids.

    Raises:
        RequestError: the arguments are wrong, or an id is unknown or that of a folder.
    """
    check_keys(body, ("product_ids",))
    ids = body.get("product_ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= _MAX_DETAILS:
        raise RequestError("invalid_parameter", f"product_ids must be 1 to {_MAX_DETAILS} ids")
    products = books.catalogues["products"]
    found = [
        read_item(one, f"product_ids[{place}]", products, scopes=scopes)
        for place, one in enumerate(ids)
    ]
    return {
        "candidates": [
            {
                **item.cell,
                "code": item.code,
                "group": products.by_id(item.parent).label if item.parent is not None else None,
                "unit": item.facts["unit"],
                "status": "archived" if item.archived else "active",
            }
            for item in found
        ]
    }


def _candidate(resolver: Resolver, item: CatalogueItem, books: Books) -> dict[str, object]:
    candidate: dict[str, object] = {
        "id": item.uuid,
        "label": item.label,
        "archived": item.archived,
        "code": item.code,
        **({} if item.is_group else {name: item.facts[name] for name in resolver.facts}),
    }
    if item.parent is not None:
        candidate["group"] = books.catalogues[resolver.catalogue].by_id(item.parent).label
    if item.is_group:
        candidate["is_group"] = True
    return candidate
