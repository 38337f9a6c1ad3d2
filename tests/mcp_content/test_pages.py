"""MCP Apps: who is offered pages, and what the pages are."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, get_args

import httpx
import pytest
import trio

from onecgw.analysis.stock_cover import Bucket
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL
from onecgw.locales import LANGUAGES
from onecgw.mcp_content.pages import CYCLE, PAGE_OF_TOOL, REPORT, render_page
from onecgw.mcp_content.pages.columns import column_kinds, page_texts
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
        return (
            await self._post(method, {**params, "_meta": meta | params.get("_meta", {})}, headers)
        ).json()["result"]

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


async def test_a_client_that_shows_pages_gets_their_links_in_both_eras() -> None:
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
async def test_a_client_that_does_not_show_pages_gets_no_link_to_one(
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
    assert len(page.encode()) < 100_000


async def test_a_page_is_in_the_language_of_the_request() -> None:
    async with open_mcp(**APPS) as mcp:
        params = {"uri": REPORT, "_meta": {"openai/locale": "uk-UA"}}
        [content] = (await mcp.stateless("resources/read", **params))["contents"]

    assert content["text"] == render_page(REPORT, "uk")
    assert '<html lang="uk">' in content["text"]


def test_every_tool_with_figures_has_a_page() -> None:
    without = {"product_details", "company"}  # names, codes and days

    assert set(PAGE_OF_TOOL) == {tool.name for tool in ALL if tool.is_report} - without
    assert set(PAGE_OF_TOOL.values()) == {CYCLE, REPORT}


def columns_of(tool: Tool) -> set[str]:
    """The dimensions and measures that a caller may request of a report."""
    lists = [one for one in fields_of(tool.request) if one.name in ("group_by", "measures")]
    return {name for one in lists for name in get_args(get_args(one.type)[0])}


def columns_of_analyses() -> set[str]:
    """What analyses add to the columns of reports."""
    return {
        *("share", "cumulative_share", "class"),
        *("oldest_day", "days_outstanding", "advances_without_debt"),
        *("last_sale_month", "daily_sales", "cover_days", "sold_amount"),
        *("change", "price", "unit_cost", "volume", "mix"),
    }


def choices_of(tool: Tool) -> tuple[set[str], set[str]]:
    """The filters of a tool, and the values of those that are a choice."""
    filters = [one for one in fields_of(tool.request) if one.name == "filters"]
    inner = [one for filter_ in filters for one in fields_of(filter_.type)]
    choices = {one for field in inner for one in get_args(field.type) if isinstance(one, str)}
    return {one.name for one in inner}, choices


def test_every_column_filter_and_choice_of_the_catalogue_has_a_text() -> None:
    filters = {name for tool in ALL for name in choices_of(tool)[0]}
    values = {name for tool in ALL for name in choices_of(tool)[1]} | set(get_args(Bucket))
    keys = {
        *(f"columns.{name}" for tool in ALL for name in columns_of(tool)),
        *(f"columns.{name}" for name in column_kinds()),
        *(f"columns.{name}" for name in columns_of_analyses()),
        *(f"filters.{name}" for name in filters),
        *(f"values.{name}" for name in values),
        *(f"titles.{tool}" for tool in PAGE_OF_TOOL),
    }

    assert {language: keys - set(texts) for language, texts in page_texts().items()} == {
        language: set() for language in LANGUAGES
    }


def test_the_scripts_use_every_text_and_no_other() -> None:
    folder = files("onecgw.mcp_content.pages")
    scripts = "".join(
        folder.joinpath(name).read_text(encoding="utf-8")
        for name in ("host.js", "figures.js", "drawing.js", "report.js", "cycle.js")
    )
    used = set(re.findall(r"""word\(["`]([^"`]+)["`]""", scripts))
    patterns = [re.sub(r"\$\{[^}]*\}", r"\\w+", one) for one in used] + ["waiting", "dio|dso|dpo"]
    keys = {key.removeprefix("text.") for key in page_texts()["en"] if key.startswith("text.")}

    assert [
        key for key in sorted(keys) if not any(re.fullmatch(one, key) for one in patterns)
    ] == []
    assert [one for one in patterns if not any(re.fullmatch(one, key) for key in keys)] == []
