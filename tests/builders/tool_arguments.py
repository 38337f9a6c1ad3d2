"""Sensible questions for every tool, about the demo company."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, get_args

from onecgw.catalogue.declaration import Field, fields_of
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import BY_NAME

Ask = Callable[[Tool, dict[str, Any]], Awaitable[Any]]

PERIOD: Final = {"from": "2026-09-01", "to": "2026-10-31"}
# What the resolver of each kind of id finds in the demo books by one letter or two.
WORDS: Final = {
    "resolve_customer": "тов",
    "resolve_warehouse": "склад",
    "resolve_product": "а",
    "resolve_sales_channel": "online",
    "resolve_cash": "к",
    "resolve_cost_article": "а",
    "resolve_operation": "о",
}
VALUES: Final[dict[str, object]] = {
    "period": PERIOD,
    "date": PERIOD["to"],
    "include_groups": True,
    "by": "qty",
    "top": 3,
    "limit": 3,
    "top_products": 3,
    "compare_with": "2025-10-01",
    "ids": False,
    "side": "receivable",
    "days": 90,
    "bucket": "low",
    "compare": "previous_year",
    "breakdown": "none",
    "balance_basis": "closing",
    "dpo_base": "cogs",
}
VALUES_OF: Final[dict[str, dict[str, object]]] = {"margin_bridge": {"by": "product_group"}}
RESOLVER_OF: Final = {
    "customer_ids": "resolve_customer",
    "customer_id": "resolve_customer",
    "supplier_ids": "resolve_customer",
    "partner_ids": "resolve_customer",
    "warehouse_ids": "resolve_warehouse",
    "product_ids": "resolve_product",
    "sales_channel_ids": "resolve_sales_channel",
    "cash_ids": "resolve_cash",
    "cost_article_ids": "resolve_cost_article",
    "operation_ids": "resolve_operation",
}


async def find_ids(ask: Ask, field: Field) -> list[str]:
    """Ids that an argument may hold."""
    if field.name == "firm_ids":
        report = BY_NAME["sales_report"]
        answer = await ask(report, {"period": PERIOD, "group_by": ["firm"]})
        return [answer["rows"][0][0]["id"]]
    if field.name == "seller_ids":
        report = BY_NAME["sales_report"]
        answer = await ask(report, {"period": PERIOD, "group_by": ["seller"]})
        return [answer["rows"][0][0]["id"]]
    resolver = BY_NAME[RESOLVER_OF[field.name]]
    answer = await ask(resolver, {"query": WORDS[resolver.name]})
    return [candidate["id"] for candidate in answer["candidates"][:2]]


async def everything(ask: Ask, tool: Tool) -> dict[str, Any]:
    """Arguments that use all that a tool declares."""
    arguments: dict[str, Any] = {}
    # compare_with stands for compare; whether there is a share depends on what the filters leave.
    left_out = {"share"} | ({"compare"} if isinstance(tool, TableTool) else set())
    if tool.name_argument is not None:
        left_out.add(tool.name_argument.name)  # stands for the id, which is given
    for field in fields_of(tool.request):
        if field.name in left_out:
            continue
        if field.name == "query":
            arguments["query"] = WORDS[tool.name]
        elif field.name == "customer_id":
            arguments["customer_id"] = (await find_ids(ask, field))[0]
        elif field.name in ("firm_ids", "product_ids"):
            arguments[field.name] = await find_ids(ask, field)
        elif field.name == "filters":
            arguments["filters"] = {
                inner.name: await find_ids(ask, inner)
                for inner in fields_of(field.type)
                if inner.name.endswith("_ids")
            }
        elif field.name in ("group_by", "measures"):
            arguments[field.name] = list(get_args(get_args(field.type)[0]))
        elif field.name == "sort":
            arguments["sort"] = [{"field": arguments["measures"][0], "dir": "desc"}]
        else:
            own = VALUES_OF.get(tool.name, {})
            arguments[field.name] = own.get(field.name, VALUES[field.name])
    return arguments


async def least(ask: Ask, tool: Tool) -> dict[str, Any]:
    """Arguments that leave out all that may be left out."""
    arguments: dict[str, Any] = {}
    for field in fields_of(tool.request):
        if field.name == "query":
            arguments["query"] = WORDS[tool.name]
        elif field.name == "period":
            arguments["period"] = PERIOD
        elif field.name == "side":
            arguments["side"] = VALUES["side"]
        elif field.name == "product_ids":
            arguments["product_ids"] = await find_ids(ask, field)
        elif field.name == "customer_id":
            arguments["customer_id"] = (await find_ids(ask, field))[0]
    return arguments
