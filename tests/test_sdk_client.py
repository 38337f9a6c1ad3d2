"""The official SDK calls the whole gateway over sockets, and REST must return the same figures."""

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
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from onecgw.app.lifespan import open_application
from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_LOGIN, DEMO_MCP_TOKEN, demo_settings
from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.kinds.resolver import ResolverTool
from onecgw.catalogue.kinds.single_call import CardTool, RankingTool, TableTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL
from onecgw.demo.books import Books
from onecgw.demo.http_service import build_demo_app
from onecgw.demo.server import serve_demo_onec
from onecgw.serving import serve_app
from onecgw.settings import ApiSettings, LimitsSettings, McpSettings, Secret
from onecgw.web.app import build_app
from tests.builders.tool_arguments import everything, least

HOST = "127.0.0.1"
PASSWORD = "demo-password-of-tests"
TEST_SECONDS = 60
SPOKEN = {
    "2026-07-28": "2026-07-28",
    "auto": "2026-07-28",
    "legacy": "2025-11-25",
}  # mode → revision


@asynccontextmanager
async def served(books: Books) -> AsyncIterator[str]:
    """The URL of the gateway in front of the demo 1C; every caller has every scope."""
    onec = build_demo_app(books, login=DEMO_LOGIN, password=PASSWORD)
    async with trio.open_nursery() as nursery:
        base_url = await nursery.start(partial(serve_demo_onec, onec, host=HOST, port=0))
        settings = attrs.evolve(
            demo_settings(base_url=base_url, port=0, password=PASSWORD),
            mcp=McpSettings(bearer_token=Secret(DEMO_MCP_TOKEN), scopes=ALL_SCOPES),
            api=ApiSettings(bearer_token=Secret(DEMO_API_TOKEN), scopes=ALL_SCOPES),
            limits=LimitsSettings(calls_per_minute=0),
        )
        async with open_application(settings) as application:
            app = build_app(
                settings,
                application.gateway,
                application.engine,
                check_readiness=application.readiness,
            )
            send_url, receive_url = trio.open_memory_channel[str](1)
            nursery.start_soon(
                partial(
                    serve_app,
                    app,
                    host=HOST,
                    port=0,
                    grace_seconds=1,
                    announce=send_url.send_nowait,
                )
            )
            yield await receive_url.receive()
            nursery.cancel_scope.cancel()


@attrs.frozen(kw_only=True)
class Asking:
    """One gateway, called by the SDK and over REST."""

    sdk: Client
    rest: httpx2.AsyncClient

    async def over_rest(self, tool: Tool, arguments: dict[str, Any]) -> Any:
        """The answer, its numbers digit for digit."""
        response = await self.rest.post(
            tool.rest_path,
            json=arguments,
            headers={"authorization": f"Bearer {DEMO_API_TOKEN}"},
        )
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=str)

    async def over_mcp(self, tool: Tool, arguments: dict[str, Any]) -> Any:
        """The same of the SDK; its text and its structured content must be one."""
        result = await self.sdk.call_tool(tool.name, arguments)
        assert not result.is_error, (tool.name, result.content)
        [block] = result.content
        assert block.type == "text"
        assert json.loads(block.text) == result.structured_content
        return json.loads(block.text, parse_float=str)


@asynccontextmanager
async def asking(books: Books, mode: Any, *, http2: bool = False) -> AsyncIterator[Asking]:
    """Both clients, over the one version of HTTP."""
    versions: set[str] = set()

    async def note(response: httpx2.Response) -> None:
        versions.add(response.http_version)

    async with served(books) as url:
        make_http = partial(
            httpx2.AsyncClient,
            base_url=url,
            http1=not http2,
            http2=http2,
            timeout=TEST_SECONDS,
            event_hooks={"response": [note]},
        )
        headers = {"authorization": f"Bearer {DEMO_MCP_TOKEN}"}
        async with (
            make_http(headers=headers) as http_client,
            make_http() as rest,
            Client(streamable_http_client(f"{url}/mcp", http_client=http_client), mode=mode) as sdk,
        ):
            yield Asking(sdk=sdk, rest=rest)
    assert versions == {"HTTP/2" if http2 else "HTTP/1.1"}


@pytest.mark.parametrize(
    ("mode", "http2"),
    [*((mode, False) for mode in SPOKEN), ("auto", True)],
    ids=[*(f"{mode}-http1" for mode in SPOKEN), "auto-http2"],
)
async def test_the_sdk_reads_from_every_tool_what_rest_returns(
    mode: str, http2: bool, small_books: Books
) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with asking(small_books, mode, http2=http2) as both:
            assert both.sdk.protocol_version == SPOKEN[mode]
            listed = (await both.sdk.list_tools()).tools
            assert [tool.name for tool in listed] == [tool.name for tool in ALL]
            for tool, published in zip(ALL, listed, strict=True):
                assert published.output_schema is not None
                takes = Draft202012Validator(published.input_schema)
                gives = Draft202012Validator(published.output_schema)
                for ask in (least, everything):
                    arguments = await ask(both.over_rest, tool)
                    takes.validate(arguments)
                    over_mcp = await both.over_mcp(tool, arguments)
                    gives.validate(over_mcp)
                    _compare(tool, over_mcp, await both.over_rest(tool, arguments))
                    if ask is least:
                        assert _says_something(tool, over_mcp), tool.name


def _compare(tool: Tool, over_mcp: Any, over_rest: Any) -> None:
    """The same figures; without `top` MCP has fewer rows than REST, and the answer says so."""
    if isinstance(tool, TableTool) and over_mcp["truncated"]:
        assert over_mcp["rows_returned"] == len(over_mcp["rows"])
        assert over_mcp["rows"] == over_rest["rows"][: len(over_mcp["rows"])]
        assert "notice" in over_mcp
        # The parts of a total over unlike units are added up from a list that is whole.
        counted = ("rows", "rows_returned", "truncated", "notice", "totals_by_unit")
        over_mcp, over_rest = (
            {name: value for name, value in answer.items() if name not in counted}
            for answer in (over_mcp, over_rest)
        )
    assert over_mcp == over_rest


def _says_something(tool: Tool, answer: Any) -> bool:
    match tool:
        case ResolverTool():
            return bool(answer["candidates"])
        case TableTool() | RankingTool():
            return bool(answer["rows"] and answer["totals"])
        case CardTool():
            return bool(answer["customer"] and answer["totals"])
        case _:  # an analysis says what it is reckoned from
            return bool(answer["basis"] and not answer.get("missing"))


@pytest.mark.parametrize("mode", SPOKEN)
async def test_the_sdk_reads_what_was_wrong_with_a_call(mode: str, small_books: Books) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with asking(small_books, mode) as both:
            refused = await both.sdk.call_tool("sales_report", {"period": {"from": "2026-09-31"}})
            with pytest.raises(MCPError) as caught:
                await both.sdk.call_tool("drop_tables", {})

    assert refused.is_error
    [block] = refused.content
    assert block.type == "text"
    assert block.text.startswith("validation_error: period.from: ")
    assert "; period.to: " in block.text
    assert caught.value.error.code == -32602
