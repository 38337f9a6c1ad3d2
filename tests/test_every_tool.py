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

from onecgw.app.lifespan import open_gateway
from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN, demo_settings
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.resolver import ResolverTool
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL
from onecgw.demo.books import Books
from onecgw.demo.http_service import build_demo_app
from onecgw.demo.reports import TABULAR
from onecgw.demo.resolvers import RESOLVERS
from onecgw.demo.server import serve_demo_onec
from onecgw.web.app import build_app
from tests.builders.gateway_rig import make_engine
from tests.builders.tool_arguments import PERIOD, everything

PASSWORD = "demo-password-of-tests"


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


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
async def test_both_surfaces_answer_the_same_for_all_that_a_tool_declares(
    tool: Tool, small_books: Books
) -> None:
    with trio.fail_after(30):
        async with open_demo(small_books) as client:
            arguments = await everything(partial(ask_rest, client), tool)
            over_rest = await ask_rest(client, tool, arguments)
            over_mcp = await ask_mcp(client, tool, arguments)

    # What the base says of itself is read beside the calls, between these two perhaps.
    read_beside = dict.fromkeys(("backend_profile", "firms", "basis"), "")
    assert over_rest | read_beside == over_mcp | read_beside
    Draft202012Validator(tool.output_schema()).validate(over_mcp)
    if isinstance(tool, ResolverTool):
        assert over_mcp["candidates"]


@pytest.mark.parametrize(
    "tool", [tool for tool in ALL if isinstance(tool, TableTool)], ids=lambda tool: tool.name
)
async def test_published_defaults_are_those_of_1c(tool: Tool, small_books: Books) -> None:
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
        if not isinstance(tool, TableTool):
            continue
        fields = {field.name: field for field in fields_of(tool.request)}
        declared[tool.operation] = {
            "group_by": set(get_args(get_args(fields["group_by"].type)[0])),
            "measures": set(get_args(get_args(fields["measures"].type)[0])),
            "filters": {field.name for field in fields_of(fields["filters"].type)},
            "is_period": "period" in fields,
        }

    assert declared == {
        f"reports/{report.path}": {
            "group_by": {dimension.name for dimension in report.dimensions} - set(report.always_by),
            "measures": {measure.name for measure in report.measures},
            "filters": {filter_.name for filter_ in report.filters}
            | {choice.name for choice in report.choices},
            "is_period": report.dated == "period",
        }
        for report in TABULAR
    }
    assert {tool.operation for tool in ALL if isinstance(tool, ResolverTool)} == {
        *(f"resolve/{resolver.path}" for resolver in RESOLVERS),
        "resolve/product_details",
    }
