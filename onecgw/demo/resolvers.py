"""The resolvers: from a name, code, telephone or reference to the lines of a catalogue."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from onecgw.auth.caller import COST, MONEY, RESOLVE
from onecgw.demo.books import Books
from onecgw.demo.catalogue import Item
from onecgw.demo.ledger.catalogues import CatalogueName
from onecgw.demo.refusals import Refusal
from onecgw.demo.requests import Body, Scopes, check_keys, read_count

_DEFAULT_LIMIT: Final = 10
_MAX_LIMIT: Final = 1_000
_MAX_QUERY: Final = 200


@attrs.frozen(kw_only=True)
class Resolver:
    """One resolver.

    groups: "never" has none, "asked" shows folders when include_groups says so, "always" does.
    extras: what it tells about a line besides id, label and archived.
    """

    path: str
    scope: str
    catalogue: CatalogueName
    groups: str = "never"
    extras: Callable[[Item], Mapping[str, object]]


def _code(item: Item) -> Mapping[str, object]:
    return {"code": item.code}


def _contacts(item: Item) -> Mapping[str, object]:
    if item.is_group:
        return {"code": item.code}
    return {"code": item.code, "phone": item.facts["phone"], "city": item.facts["city"]}


def _unit(item: Item) -> Mapping[str, object]:
    return {"code": item.code} if item.is_group else {"code": item.code, "unit": item.facts["unit"]}


def _currency(item: Item) -> Mapping[str, object]:
    return {"code": item.code, "currency": item.facts["currency"]}


RESOLVERS: Final = (
    Resolver(
        path="customer", scope=RESOLVE, catalogue="partners", groups="asked", extras=_contacts
    ),
    Resolver(path="warehouse", scope=RESOLVE, catalogue="warehouses", extras=_code),
    Resolver(path="product", scope=RESOLVE, catalogue="products", groups="asked", extras=_unit),
    Resolver(
        path="sales_channel", scope=RESOLVE, catalogue="channels", groups="always", extras=_code
    ),
    Resolver(path="cash", scope=MONEY, catalogue="cash", extras=_currency),
    Resolver(
        path="cost_article",
        scope=MONEY,
        catalogue="cost_articles",
        groups="asked",
        extras=_code,
    ),
    Resolver(path="operation", scope=MONEY, catalogue="operations", extras=_code),
)


def answer_resolver(
    resolver: Resolver, books: Books, body: Body, scopes: Scopes
) -> dict[str, object]:
    """The candidates for a query, best first.

    Raises:
        Refusal: the arguments are wrong.
    """
    asked = resolver.groups == "asked"
    check_keys(body, ("query", "limit", *(["include_groups"] if asked else [])))
    query = body.get("query")
    if not isinstance(query, str) or not query.strip() or len(query) > _MAX_QUERY:
        raise Refusal("invalid_parameter", f"query must be 1 to {_MAX_QUERY} characters of text")
    include_groups = body.get("include_groups", False)
    if not isinstance(include_groups, bool):
        raise Refusal("invalid_parameter", "include_groups must be true or false")
    with_groups = include_groups or resolver.groups == "always"
    limit = min(read_count(body, "limit", _DEFAULT_LIMIT) or _DEFAULT_LIMIT, _MAX_LIMIT)
    found = [
        item
        for item in books.catalogues[resolver.catalogue].search(query)
        if (with_groups or not item.is_group)
        and (COST in scopes or not item.facts.get("restricted"))
    ]
    return {"candidates": [_candidate(resolver, item, books) for item in found[:limit]]}


def _candidate(resolver: Resolver, item: Item, books: Books) -> dict[str, object]:
    candidate: dict[str, object] = {
        "id": item.uuid,
        "label": item.label,
        "archived": item.archived,
        **resolver.extras(item),
    }
    if item.parent is not None:
        candidate["group"] = books.catalogues[resolver.catalogue].by_id(item.parent).label
    if item.is_group:
        candidate["is_group"] = True
    return candidate
