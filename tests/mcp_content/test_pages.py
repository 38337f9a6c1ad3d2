"""MCP Apps: who is offered pages, and what the pages are."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio

from onecgw.catalogue.tools import BY_NAME
from onecgw.mcp_content.pages import CYCLE, PAGE_OF_TOOL, REPORT, render_page
from onecgw.web.app import build_app
from tests.builders.gateway_rig import MCP_TOKEN, answering, make_engine, open_rig

STATELESS_VERSION = "2026-07-28"
META = "io.modelcontextprotocol/"
APPS = {"extensions": {f"{META}ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}}


class Mcp:
    """A client of either era."""

    def __init__(self, http: httpx.AsyncClient, capabilities: dict[str, Any]) -> None:
        self._http = http
        self._capabilities = capabilities
        self._session: dict[str, str] = {}

    async def initialize(self) -> Any:
        """Begin the handshake era."""
        params = {
            "protocolVersion": "2025-11-25",
            "capabilities": self._capabilities,
            "clientInfo": {"name": "host", "version": "1"},
        }
        response = await self._post("initialize", params, {})
        self._session = {
            "mcp-session-id": response.headers["mcp-session-id"],
            "mcp-protocol-version": "2025-11-25",
        }
        return response.json()["result"]

    async def handshake(self, method: str, **params: Any) -> Any:
        return (await self._post(method, params, self._session)).json()["result"]

    async def stateless(self, method: str, **params: Any) -> Any:
        meta = {
            f"{META}protocolVersion": STATELESS_VERSION,
            f"{META}clientCapabilities": self._capabilities,
        }
        headers = {"mcp-protocol-version": STATELESS_VERSION, "mcp-method": method}
        if "uri" in params:
            headers["mcp-name"] = params["uri"]
        return (await self._post(method, {**params, "_meta": meta}, headers)).json()["result"]

    async def _post(self, method: str, params: Any, headers: dict[str, str]) -> httpx.Response:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        response = await self._http.post("/mcp", json=message, headers=headers)
        assert response.status_code == 200, response.text
        return response


@asynccontextmanager
async def open_mcp(**capabilities: Any) -> AsyncIterator[Mcp]:
    with trio.fail_after(10):
        async with open_rig(answering(b"{}")) as rig:
            app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://localhost",
                headers={"authorization": f"Bearer {MCP_TOKEN}"},
            ) as http:
                yield Mcp(http, capabilities)


def pages_of(listed: Any) -> dict[str, str]:
    return {
        tool["name"]: tool["_meta"]["ui"]["resourceUri"]
        for tool in listed["tools"]
        if "ui" in tool.get("_meta", {})
    }


async def test_a_client_that_shows_pages_hears_of_them_in_both_eras() -> None:
    async with open_mcp(**APPS) as mcp:
        stateless = pages_of(await mcp.stateless("tools/list"))
        begun = await mcp.initialize()
        handshake = pages_of(await mcp.handshake("tools/list"))

    assert stateless == handshake == PAGE_OF_TOOL
    assert begun["capabilities"]["extensions"] == {f"{META}ui": {}}


@pytest.mark.parametrize(
    "capabilities",
    [
        {},
        {"extensions": {}},
        {"extensions": {f"{META}ui": {}}},
        {"extensions": {f"{META}ui": {"mimeTypes": ["text/uri-list"]}}},
        {"extensions": {f"{META}ui": {"mimeTypes": "text/html;profile=mcp-app"}}},
        {"extensions": []},
        {"extensions": {f"{META}ui": 7}},
    ],
)
async def test_a_client_that_does_not_show_them_never_hears_of_pages(
    capabilities: dict[str, Any],
) -> None:
    async with open_mcp(**capabilities) as mcp:
        stateless = await mcp.stateless("tools/list")
        await mcp.initialize()
        handshake = await mcp.handshake("tools/list")

    assert pages_of(stateless) == pages_of(handshake) == {}


async def test_but_for_the_page_a_tool_is_listed_alike() -> None:
    async with open_mcp(**APPS) as mcp:
        dressed = (await mcp.stateless("tools/list"))["tools"]
    async with open_mcp() as mcp:
        plain = (await mcp.stateless("tools/list"))["tools"]

    for tool in dressed:
        if "_meta" in tool:
            tool["_meta"].pop("ui", None)
    assert dressed == plain


@pytest.mark.parametrize("uri", [CYCLE, REPORT])
async def test_a_page_is_read_as_a_resource_and_not_listed(uri: str) -> None:
    async with open_mcp(**APPS) as mcp:
        [content] = (await mcp.stateless("resources/read", uri=uri))["contents"]
        listed = (await mcp.stateless("resources/list"))["resources"]

    assert content == {
        "uri": uri,
        "mimeType": "text/html;profile=mcp-app",
        "text": render_page(uri),
        "_meta": {"ui": {"csp": {}, "prefersBorder": True}},
    }
    assert uri not in {one["uri"] for one in listed}


@pytest.mark.parametrize("uri", [CYCLE, REPORT])
def test_a_page_holds_all_it_needs_and_no_markup_from_outside(uri: str) -> None:
    page = render_page(uri)

    assert page.startswith("<!DOCTYPE html>")
    [policy] = re.findall(r'content="(default-src[^"]*)"', page)
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= {
        rule.strip() for rule in policy.split(";")
    }
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", page)
    assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|import\(|@import|url\(|\bsrc=", page)
    assert len(page) < 32_000


def test_pages_belong_to_tools_that_exist() -> None:
    assert set(PAGE_OF_TOOL) <= set(BY_NAME)
    assert set(PAGE_OF_TOOL.values()) == {CYCLE, REPORT}
