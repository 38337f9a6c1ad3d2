"""`hypercorn -k trio onecgw.asgi:app` serves the gateway, as `onecgw serve` does."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import trio

from onecgw.serving import find_free_port
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN
from tests.builders.mcp_engine import handshake

START_SECONDS = 60
STOP_SECONDS = 20
CONFIG = f"""\
onec:
  base_url: http://127.0.0.1:9/hs
  auth:
    username: robot
mcp:
  bearer_token: {MCP_TOKEN}
api:
  bearer_token: {API_TOKEN}
oauth:
  enabled: false
database:
  path: DATABASE
"""


@asynccontextmanager
async def hypercorn(config: str, folder: Path, port: int) -> AsyncIterator[trio.Process]:
    """Hypercorn in a process of its own, on loopback, with CONFIG_PATH set."""
    path = folder / "config.yml"
    path.write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "hypercorn", "-k", "trio", "-b", f"127.0.0.1:{port}"]
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(
            partial(
                trio.run_process,
                [*command, "onecgw.asgi:app"],
                stderr=subprocess.PIPE,
                env={**os.environ, "CONFIG_PATH": str(path)},
                cwd=folder,
                check=False,
            )
        )
        try:
            yield process
        finally:
            process.kill()


async def read_until(process: trio.Process, text: str) -> str:
    """What the process wrote to stderr, up to a text or to its end."""
    assert process.stderr is not None
    seen = ""
    with trio.fail_after(START_SECONDS):
        while text not in seen:
            chunk = await process.stderr.receive_some()
            if not chunk:
                break
            seen += chunk.decode()
    return seen


async def test_hypercorn_serves_both_surfaces_and_closes_the_database(tmp_path: Path) -> None:
    database, port = tmp_path / "onecgw.db", find_free_port("127.0.0.1")
    config = CONFIG.replace("DATABASE", str(database))
    async with hypercorn(config, tmp_path, port) as process:
        started = await read_until(process, "Running on")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            health = await client.get("/health")
            listed = await client.post(
                "/mcp",
                json=handshake("tools/list"),
                headers={
                    "authorization": f"Bearer {MCP_TOKEN}",
                    "accept": "application/json, text/event-stream",
                },
            )
            refused = await client.post("/reports/stock", json={})
        process.send_signal(signal.SIGTERM)
        with trio.fail_after(STOP_SECONDS):
            exit_code = await process.wait()

    assert "Running on" in started
    assert health.json() == {"status": "ok"}
    assert "sales_report" in {tool["name"] for tool in listed.json()["result"]["tools"]}
    assert refused.status_code == 401
    assert exit_code == 0
    # SQLite deletes the write-ahead log when the last connection is closed.
    assert not await trio.Path(tmp_path / "onecgw.db-wal").exists()
    assert await trio.Path(database).exists()


async def test_settings_that_are_wrong_stop_the_start_with_their_problems(tmp_path: Path) -> None:
    config = "onec: {timeout_ms: fast}\n"
    async with hypercorn(config, tmp_path, find_free_port("127.0.0.1")) as process:
        text = await read_until(process, "an integer from 100 to 600000 is expected")

    assert "onec.base_url: missing" in text
    assert 'onec.timeout_ms = "fast": an integer from 100 to 600000 is expected' in text
