"""Resolvers: a person's words → ids of objects in 1C."""

from typing import Annotated

import attrs

from onecgw.auth.caller import MONEY, RESOLVE
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds.resolver import DetailsTool, ResolverTool
from onecgw.catalogue.tools.parts import IncludeGroups, Limit, Query


@attrs.frozen(kw_only=True)
class Resolve:
    """A search in a flat catalogue."""

    query: Query
    limit: Limit = None


@attrs.frozen(kw_only=True)
class ResolveWithGroups:
    """A search in a catalogue that has folders."""

    query: Query
    limit: Limit = None
    include_groups: IncludeGroups = None


CUSTOMER = ResolverTool(
    name="resolve_customer",
    title="Find a customer or supplier",
    scopes=frozenset({RESOLVE}),
    about=(
        "Finds customers AND suppliers by name, code or phone; returns id, label, phone, city. "
        "Call it before any report about a named counterparty. Several candidates: ask which one."
    ),
    request=ResolveWithGroups,
    operation="resolve/customer",
)

WAREHOUSE = ResolverTool(
    name="resolve_warehouse",
    title="Find a warehouse or shop",
    scopes=frozenset({RESOLVE}),
    about="Finds warehouses and shops by name or code, for warehouse_ids.",
    request=Resolve,
    operation="resolve/warehouse",
)

PRODUCT = ResolverTool(
    name="resolve_product",
    title="Find a product or product group",
    scopes=frozenset({RESOLVE}),
    about=(
        "Finds products by name or code, and product groups with include_groups=true, "
        "for product_ids."
    ),
    request=ResolveWithGroups,
    operation="resolve/product",
)

SALES_CHANNEL = ResolverTool(
    name="resolve_sales_channel",
    title="Find a sales channel",
    scopes=frozenset({RESOLVE}),
    about=(
        "Finds sales channels (B2B, B2C, online …), for sales_channel_ids. "
        "Channels are a tree: a parent's id means all below it."
    ),
    request=Resolve,
    operation="resolve/sales_channel",
)

CASH = ResolverTool(
    name="resolve_cash",
    title="Find a cash desk or bank account",
    scopes=frozenset({MONEY}),
    about="Finds cash desks and bank accounts by name or code, for cash_ids.",
    request=Resolve,
    operation="resolve/cash",
)

COST_ARTICLE = ResolverTool(
    name="resolve_cost_article",
    title="Find a cost article",
    scopes=frozenset({MONEY}),
    about=(
        "Finds cost articles (rent, salaries …) and, with include_groups=true, their groups, "
        "for cost_article_ids."
    ),
    request=ResolveWithGroups,
    operation="resolve/cost_article",
)

OPERATION = ResolverTool(
    name="resolve_operation",
    title="Find a cash operation",
    scopes=frozenset({MONEY}),
    about="Finds kinds of cash operations (customer payment, transfer …), for operation_ids.",
    request=Resolve,
    operation="resolve/operation",
)


@attrs.frozen(kw_only=True)
class ProductDetails:
    """Arguments of product_details."""

    product_ids: Annotated[
        tuple[str, ...], Arg(about="At most 500; no groups.", source="resolve_product", most=500)
    ]


PRODUCT_DETAILS = DetailsTool(
    name="product_details",
    title="Codes, groups and units of products",
    scopes=frozenset({RESOLVE}),
    about="Label, code, group, unit and status (active, archived) of products whose ids are known.",
    request=ProductDetails,
    operation="resolve/product_details",
    ids_argument="product_ids",
)

TOOLS = (
    CUSTOMER,
    WAREHOUSE,
    PRODUCT,
    PRODUCT_DETAILS,
    SALES_CHANNEL,
    CASH,
    COST_ARTICLE,
    OPERATION,
)
