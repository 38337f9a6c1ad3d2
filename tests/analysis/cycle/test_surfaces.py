"""The cycle over MCP and REST: the same facts, progress on the way, one line of audit each."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import trio

from onecgw.auth.caller import ALL_SCOPES
from onecgw.settings import ApiSettings, Secret
from onecgw.web.app import build_app
from tests.builders.constant_books import QUESTION, answer_of
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, Rig, make_engine, open_rig

EVENTS = {"accept": "application/json, text/event-stream"}


@asynccontextmanager
async def open_web(**changes: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Rig]]:
    with trio.fail_after(10):
        async with open_rig(answer_of, **changes) as rig:
            app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://localhost"
            ) as client:
                yield client, rig


async def call_tool(client: httpx.AsyncClient, **meta: Any) -> httpx.Response:
    params = {"name": "cash_conversion_cycle", "arguments": QUESTION, "_meta": meta}
    message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}
    return await client.post(
        "/mcp", json=message, headers={**EVENTS, "authorization": f"Bearer {MCP_TOKEN}"}
    )


async def test_mcp_and_rest_report_the_same() -> None:
    everything = ApiSettings(bearer_token=Secret(API_TOKEN), scopes=ALL_SCOPES)
    async with open_web(api=everything) as (client, rig):
        over_mcp = await call_tool(client)
        over_rest = await client.post(
            "/reports/cash_conversion_cycle",
            json=QUESTION,
            headers={"authorization": f"Bearer {API_TOKEN}"},
        )

    result = over_mcp.json()["result"]
    assert result["structuredContent"] == over_rest.json()
    assert json.loads(result["content"][0]["text"]) == over_rest.json()
    assert [(one.surface, one.ok) for one in rig.audit] == [("mcp", True), ("rest", True)]


async def test_rest_without_the_cost_scope_is_refused_with_the_scopes_it_needs() -> None:
    async with open_web() as (client, rig):
        refused = await client.post(
            "/reports/cash_conversion_cycle",
            json=QUESTION,
            headers={"authorization": f"Bearer {API_TOKEN}"},
        )

    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert rig.onec.requests == []


async def test_a_client_that_requests_progress_gets_it_for_every_wave() -> None:
    async with open_web() as (client, _):
        response = await call_tool(client, progressToken="p-1")

    assert response.headers["content-type"].startswith("text/event-stream")
    messages = [
        json.loads(line.removeprefix("data:"))
        for line in response.text.splitlines()
        if line.startswith("data:") and line.removeprefix("data:").strip()
    ]
    *progress, last = messages
    assert last["result"]["structuredContent"]["summary"]["driver"] == "dio"
    sent = [one["params"] for one in progress]
    assert [one["progressToken"] for one in sent] == ["p-1"] * len(sent)
    assert [one["progress"] for one in sent] == sorted({one["progress"] for one in sent})
    assert (sent[0]["total"], sent[-1]["progress"]) == (18, 18)
