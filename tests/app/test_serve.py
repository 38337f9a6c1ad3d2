"""`onecgw serve` in a process of its own: a signal lets the running calls end, then it exits 0."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from tests.builders.constant_books import answer_of
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN
from tests.builders.mcp_engine import handshake, stateless
from tests.builders.onec_server import Asked, Wire, onec_server
from tests.builders.onec_service import answer_well

START_SECONDS = 60
STOP_SECONDS = 20  # far less than the grace, which is what a call that hangs would take
CONFIG = f"""\
server:
  host: 127.0.0.1
  port: 0
log:
  format: json
onec:
  base_url: BASE_URL
  auth:
    username: robot
  max_concurrency: 16
mcp:
  bearer_token: {MCP_TOKEN}
api:
  bearer_token: {API_TOKEN}
oauth:
  enabled: false
audit:
  retention_days: 0
"""
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


@attrs.define
class HoldingOnec:
    """A 1C that answers when it is told to."""

    expected: int
    held: int = 0
    all_are_here: trio.Event = attrs.field(factory=trio.Event)
    release: trio.Event = attrs.field(factory=trio.Event)

    async def play(self, asked: Asked, wire: Wire) -> None:
        if asked.method == "GET":
            await answer_well(asked, wire)
            return
        if not asked.path.endswith("/sales"):
            self.held += 1
            if self.held == self.expected:
                self.all_are_here.set()
            await self.release.wait()
        answer = answer_of(httpx.Request("POST", asked.path, content=asked.body))
        await wire.answer(await answer.aread(), headers=("Content-Type: application/json",))


@attrs.define
class Served:
    """The process, and what it logs."""

    process: trio.Process
    _unread: bytes = b""

    async def wait_event(self, event: str, seconds: float = STOP_SECONDS) -> dict[str, Any]:
        """The next line of the log that tells of the event."""
        assert self.process.stderr is not None
        with trio.fail_after(seconds):
            while True:
                while b"\n" not in self._unread:
                    chunk = await self.process.stderr.receive_some()
                    assert chunk, f"the process ended without {event}: {self._unread!r}"
                    self._unread += chunk
                line, _, self._unread = self._unread.partition(b"\n")
                fields: dict[str, Any] = json.loads(line)
                if fields["event"] == event:
                    return fields

    async def exit_code(self) -> int:
        with trio.fail_after(STOP_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def served(tmp_path: Path, base_url: str) -> AsyncIterator[tuple[Served, str]]:
    """`onecgw serve` in front of the 1C at base_url, and its own URL."""
    config = tmp_path / "config.yml"
    config.write_text(CONFIG.replace("BASE_URL", base_url), encoding="utf-8")
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(
            partial(
                trio.run_process,
                [sys.executable, "-m", "onecgw", "serve", "--config", str(config)],
                stderr=subprocess.PIPE,
                env=dict(os.environ),
                cwd=tmp_path,
                check=False,
            )
        )
        try:
            one = Served(process)
            started = await one.wait_event("serve.started", START_SECONDS)
            yield one, started["url"]
        finally:
            process.kill()


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
    told = answers["rest"].json()
    assert told["totals"] == {"amount": 600.0}
    assert answers["legacy"].json()["result"]["structuredContent"] == told
    assert answers["modern"].json()["result"]["structuredContent"] == told
    *progress, last = messages(answers["stream"])
    assert progress
    assert last["result"]["structuredContent"]["summary"]["ccc"] == 35.0
    assert exit_code == 0
