"""Every tool of the catalogue, over both surfaces, on the demo 1C behind a real socket."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, get_args

import httpx
import pytest
import trio
from jsonschema import Draft202012Validator

from onecgw.contract import Field, Kind, Tool, fields_of
from onecgw.demo.books import Books
from onecgw.demo.reports import TABULAR
from onecgw.demo.resolvers import RESOLVERS
from onecgw.demo.server import serve_demo_onec
from onecgw.demo.service import build_demo_app
from onecgw.house import open_gateway
from onecgw.run_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN, demo_settings
from onecgw.schema import output_schema
from onecgw.tools import ALL, BY_NAME
from onecgw.web.app import build_app
from tests.harness import make_engine

PERIOD = {"from": "2026-09-01", "to": "2026-10-31"}
PASSWORD = "demo-password-of-tests"
# What the resolver of each kind of id finds in the demo books by one letter or two.
WORDS = {
    "resolve_customer": "тов",
    "resolve_warehouse": "склад",
    "resolve_product": "а",
    "resolve_sales_channel": "online",
    "resolve_cash": "к",
    "resolve_cost_article": "а",
    "resolve_operation": "о",
}
VALUES: dict[str, object] = {
    "period": PERIOD,
    "date": PERIOD["to"],
    "include_groups": True,
    "by": "qty",
    "top": 3,
    "limit": 3,
    "top_products": 3,
    "compare": "previous_year",
    "breakdown": "none",
    "balance_basis": "closing",
    "dpo_base": "cogs",
}
RESOLVER_OF = {
    "customer_ids": "resolve_customer",
    "customer_id": "resolve_customer",
    "supplier_ids": "resolve_customer",
    "warehouse_ids": "resolve_warehouse",
    "product_ids": "resolve_product",
    "sales_channel_ids": "resolve_sales_channel",
    "cash_ids": "resolve_cash",
    "cost_article_ids": "resolve_cost_article",
    "operation_ids": "resolve_operation",
}


@asynccontextmanager
async def open_demo(books: Books) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway in front of the demo 1C."""
    app = build_demo_app(books, login="Шлюз", password=PASSWORD)
    async with trio.open_nursery() as nursery:
        base_url = await nursery.start(partial(serve_demo_onec, app, host="127.0.0.1", port=0))
        settings = demo_settings(base_url=base_url, port=0, password=PASSWORD)
        async with open_gateway(settings) as gateway:
            front: Any = build_app(settings, gateway, make_engine(gateway))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(front), base_url="http://localhost"
            ) as client:
                yield client
        nursery.cancel_scope.cancel()


async def ask_rest(client: httpx.AsyncClient, tool: Tool, arguments: dict[str, Any]) -> Any:
    response = await client.post(
        tool.rest_path, json=arguments, headers={"authorization": f"Bearer {DEMO_API_TOKEN}"}
    )
    assert response.status_code == 200, response.text
    return response.json(parse_float=str)


async def ask_mcp(client: httpx.AsyncClient, tool: Tool, arguments: dict[str, Any]) -> Any:
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool.name, "arguments": arguments},
    }
    response = await client.post(
        "/mcp", json=message, headers={"authorization": f"Bearer {DEMO_MCP_TOKEN}"}
    )
    assert response.status_code == 200, response.text
    result = response.json(parse_float=str)["result"]
    assert not result.get("isError"), result["content"]
    assert json.loads(result["content"][0]["text"], parse_float=str) == result["structuredContent"]
    return result["structuredContent"]


async def find_ids(client: httpx.AsyncClient, field: Field) -> list[str]:
    if field.name == "firm_ids":
        report = BY_NAME["sales_report"]
        answer = await ask_rest(client, report, {"period": PERIOD, "group_by": ["firm"]})
        return [answer["rows"][0][0]["id"]]
    resolver = BY_NAME[RESOLVER_OF[field.name]]
    answer = await ask_rest(client, resolver, {"query": WORDS[resolver.name]})
    return [candidate["id"] for candidate in answer["candidates"][:2]]


async def everything(client: httpx.AsyncClient, tool: Tool) -> dict[str, Any]:
    """Arguments that use all that a tool declares."""
    arguments: dict[str, Any] = {}
    for field in fields_of(tool.request):
        if tool.naming is not None and field.name == tool.naming.name:
            continue  # stands for another argument that is given
        if field.name == "query":
            arguments["query"] = WORDS[tool.name]
        elif field.name == "customer_id":
            arguments["customer_id"] = (await find_ids(client, field))[0]
        elif field.name == "firm_ids":
            arguments["firm_ids"] = await find_ids(client, field)
        elif field.name == "filters":
            arguments["filters"] = {
                inner.name: await find_ids(client, inner)
                for inner in fields_of(field.type)
                if inner.name.endswith("_ids")
            }
        elif field.name in ("group_by", "measures"):
            arguments[field.name] = list(get_args(get_args(field.type)[0]))
        elif field.name == "sort":
            arguments["sort"] = [{"field": arguments["measures"][0], "dir": "desc"}]
        else:
            arguments[field.name] = VALUES[field.name]
    return arguments


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
async def test_both_surfaces_answer_the_same_for_all_that_a_tool_declares(
    tool: Tool, small_books: Books
) -> None:
    with trio.fail_after(30):
        async with open_demo(small_books) as client:
            arguments = await everything(client, tool)
            over_rest = await ask_rest(client, tool, arguments)
            over_mcp = await ask_mcp(client, tool, arguments)

    assert over_rest == over_mcp
    Draft202012Validator(output_schema(tool)).validate(over_mcp)
    if tool.kind is Kind.RESOLVER:
        assert over_mcp["candidates"]


@pytest.mark.parametrize(
    "tool", [tool for tool in ALL if tool.kind is Kind.TABLE], ids=lambda tool: tool.name
)
async def test_defaults_told_to_the_model_are_those_of_1c(tool: Tool, small_books: Books) -> None:
    fields = {field.name: field for field in fields_of(tool.request)}
    arguments = {"period": PERIOD} if "period" in fields else {}
    with trio.fail_after(30):
        async with open_demo(small_books) as client:
            answer = await ask_mcp(client, tool, arguments)

    columns = [column["name"] for column in answer["columns"] if column["name"] != "currency"]
    assert columns == [*fields["group_by"].arg.default, *fields["measures"].arg.default]


def test_the_demo_1c_knows_exactly_what_the_catalogue_declares() -> None:
    declared = {}
    for tool in ALL:
        if tool.kind is not Kind.TABLE:
            continue
        fields = {field.name: field for field in fields_of(tool.request)}
        declared[tool.path] = {
            "group_by": set(get_args(get_args(fields["group_by"].type)[0])),
            "measures": set(get_args(get_args(fields["measures"].type)[0])),
            "filters": {field.name for field in fields_of(fields["filters"].type)},
            "is_period": "period" in fields,
        }

    assert declared == {
        f"/mcp/reports/{report.path}": {
            "group_by": {dimension.name for dimension in report.dimensions} - set(report.always_by),
            "measures": {measure.name for measure in report.measures},
            "filters": {filter_.name for filter_ in report.filters}
            | ({"customer_cohort"} if report.cohort_column else set()),
            "is_period": report.dated == "period",
        }
        for report in TABULAR
    }
    assert {tool.path for tool in ALL if tool.kind is Kind.RESOLVER} == {
        f"/mcp/resolve/{resolver.path}" for resolver in RESOLVERS
    }
