"""The official SDK calls every tool of the whole gateway, over sockets, in its three modes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import httpx2
import pytest
import trio
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from onecgw.caller import ALL_SCOPES
from onecgw.demo.books import Books
from onecgw.demo.server import serve_demo_onec
from onecgw.demo.service import build_demo_app
from onecgw.house import open_gateway
from onecgw.run_demo import DEMO_MCP_TOKEN, demo_settings
from onecgw.serving import serve_app
from onecgw.settings import LimitsSettings, McpSettings, Secret
from onecgw.tools import ALL
from onecgw.web.app import build_app
from tests.harness import make_engine

HOST = "127.0.0.1"
PASSWORD = "demo-password-of-tests"
TEST_SECONDS = 60
PERIOD = {"from": "2026-10-01", "to": "2026-10-31"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    **{tool.name: {"query": "о"} for tool in ALL if tool.name.startswith("resolve_")},
    **{
        name: {"period": PERIOD}
        for name in (
            "sales_report",
            "top_products",
            "cash_flow",
            "purchases_report",
            "cash_conversion_cycle",
        )
    },
    **{
        name: {}
        for name in ("stock_balance", "cash_balance", "receivables_balance", "payables_balance")
    },
}


@asynccontextmanager
async def whole_gateway(books: Books) -> AsyncIterator[str]:
    """The URL of /mcp of a gateway in front of the demo 1C, both on sockets."""
    onec = build_demo_app(books, login="Шлюз", password=PASSWORD)
    urls: list[str] = []
    up = trio.Event()

    def announce(url: str) -> None:
        urls.append(url)
        up.set()

    async with trio.open_nursery() as nursery:
        base_url = await nursery.start(partial(serve_demo_onec, onec, host=HOST, port=0))
        settings = attrs.evolve(
            demo_settings(base_url=base_url, port=0, password=PASSWORD),
            mcp=McpSettings(bearer_token=Secret(DEMO_MCP_TOKEN), scopes=ALL_SCOPES),
            limits=LimitsSettings(default_rows=20),
        )
        async with open_gateway(settings) as gateway:
            app = build_app(settings, gateway, make_engine(gateway))
            serve = partial(serve_app, app, host=HOST, port=0, grace_seconds=1, announce=announce)
            nursery.start_soon(serve)
            await up.wait()
            yield f"{urls[0]}/mcp"
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("mode", ["2026-07-28", "auto", "legacy"])
async def test_the_sdk_calls_every_tool(mode: Any, small_books: Books) -> None:
    headers = {"authorization": f"Bearer {DEMO_MCP_TOKEN}"}
    with trio.fail_after(TEST_SECONDS):
        async with (
            whole_gateway(small_books) as url,
            httpx2.AsyncClient(headers=headers, timeout=TEST_SECONDS) as http_client,
            Client(streamable_http_client(url, http_client=http_client), mode=mode) as client,
        ):
            listed = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert list(listed) == [tool.name for tool in ALL]
            found = await client.call_tool("resolve_customer", {"query": "о"})
            assert found.structured_content is not None
            customer = found.structured_content["candidates"][0]["id"]
            card = {"customer_summary": {"customer_id": customer, "period": PERIOD}}
            for name, arguments in (ARGUMENTS | card).items():
                result = await client.call_tool(name, arguments)
                assert not result.is_error, (name, result.content)
                schema = listed[name].output_schema
                assert schema is not None
                Draft202012Validator(schema).validate(result.structured_content)
                [block] = result.content
                assert block.type == "text"
                assert json.loads(block.text) == result.structured_content
    assert set(ARGUMENTS | card) == set(listed)
