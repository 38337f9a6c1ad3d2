"""`onecgw serve` in a process of its own: a signal lets the running calls end, then it exits 0."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from tests.builders.gateway_process import START_SECONDS, served
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN
from tests.builders.holding_onec import HoldingOnec
from tests.builders.mcp_engine import handshake, stateless
from tests.builders.onec_server import onec_server

STOCK = {"measures": ["amount"]}
CYCLE = {"period": {"from": "2025-04-01", "to": "2025-04-30"}, "compare": "none"}
# Of the cycle the sales are answered at once, so that its stream has begun.
HELD = 1 + 3 * 2
EVENTS = {"accept": "application/json, text/event-stream"}
TO_MCP = {"authorization": f"Bearer {MCP_TOKEN}", **EVENTS}
TO_REST = {"authorization": f"Bearer {API_TOKEN}"}
CALLS: dict[str, dict[str, Any]] = {
    "rest": {"url": "/reports/stock", "json": STOCK, "headers": TO_REST},
    "legacy": {
        "url": "/mcp",
        "json": handshake("tools/call", name="stock_balance", arguments=STOCK),
        "headers": TO_MCP,
    },
    "modern": {
        "url": "/mcp",
        "json": stateless("tools/call", name="stock_balance", arguments=STOCK),
        "headers": {
            **TO_MCP,
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "stock_balance",
        },
    },
}
STREAM: dict[str, Any] = {
    "url": "/mcp",
    "json": handshake(
        "tools/call",
        name="cash_conversion_cycle",
        arguments=CYCLE,
        _meta={"progressToken": "p"},
    ),
    "headers": TO_MCP,
}


def messages(response: httpx.Response) -> list[Any]:
    """What a stream of events said."""
    lines = response.text.splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


@pytest.mark.parametrize(
    ("number", "http2"),
    [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGTERM, True)],
    ids=["SIGTERM-http1", "SIGINT-http1", "SIGTERM-http2"],
)
async def test_a_signal_lets_running_calls_end_and_the_process_exits_with_0(
    number: signal.Signals, http2: bool, tmp_path: Path
) -> None:
    onec = HoldingOnec(expected=len(CALLS) + HELD)
    answers: dict[str, httpx.Response] = {}
    async with onec_server(onec.play) as server, served(tmp_path, server.base_url) as (one, url):
        async with (
            httpx.AsyncClient(
                base_url=url, timeout=START_SECONDS, http1=not http2, http2=http2
            ) as client,
            trio.open_nursery() as nursery,
        ):

            async def ask(name: str, call: dict[str, Any]) -> None:
                answers[name] = await client.post(**call)

            for name, call in {**CALLS, "stream": STREAM}.items():
                nursery.start_soon(ask, name, call)
            with trio.fail_after(START_SECONDS):
                await onec.all_are_here.wait()

            one.process.send_signal(number)
            stopping = await one.wait_event("serve.stopping")
            answered_before = set(answers)
            onec.release.set()
        await one.wait_event("serve.stopped")
        exit_code = await one.exit_code()

    assert stopping["signal"] == number.name
    assert answered_before == set()
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        [*CALLS, "stream"], 200
    )
    answer = answers["rest"].json()
    assert answer["totals"] == {"amount": 600.0}
    assert answers["legacy"].json()["result"]["structuredContent"] == answer
    assert answers["modern"].json()["result"]["structuredContent"] == answer
    *progress, last = messages(answers["stream"])
    assert progress
    assert last["result"]["structuredContent"]["summary"]["ccc"] == 35.0
    assert exit_code == 0
