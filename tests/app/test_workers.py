"""Two processes on one port: whichever of them answers, a login or a call goes on."""

import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import httpx2
import pytest
import trio
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult
from prometheus_client.parser import text_string_to_metric_families

from onecgw import __version__
from onecgw.app.workers import share_of
from onecgw.settings import OnecSettings, ServerSettings
from tests.builders.gateway_process import START_SECONDS, Served, served
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, make_settings
from tests.builders.login_forms import fetch_token
from tests.builders.mcp_engine import handshake
from tests.builders.onec_server import ReceivedRequest, Wire, onec_server

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="needs SO_REUSEPORT")

WORKERS = ("  port: 0", "  port: 0\n  workers: 2")
TO_MCP = {
    "authorization": f"Bearer {MCP_TOKEN}",
    "accept": "application/json, text/event-stream",
}
TO_REST = {"authorization": f"Bearer {API_TOKEN}"}
PERIOD = {"from": "2026-05-01", "to": "2026-05-31"}
CANDIDATES = [{"id": "c1", "label": "Ромашка"}, {"id": "c2", "label": "Ромб"}]
MAX_CONNECTIONS = 200  # until each process has one; the kernel chooses by the client's port


@attrs.define
class Onec:
    """A 1C with two customers of a name; a report of stock is answered when it is released."""

    held: trio.Event = attrs.field(factory=trio.Event)
    left: trio.Event = attrs.field(factory=trio.Event)

    async def play(self, request: ReceivedRequest, wire: Wire) -> None:
        if request.path.endswith("/reports/stock"):
            self.held.set()
            await wire.wait_until_the_gateway_hangs_up()
            self.left.set()
            return
        body: dict[str, Any] = {"status": "ok"}
        if "/resolve/" in request.path:
            body = {"candidates": CANDIDATES}
        elif request.method == "POST":
            body = {"customer": {"id": json.loads(request.body).get("customer_id")}, "totals": {}}
        await wire.answer(json.dumps(body).encode())


@asynccontextmanager
async def one_client_per_worker(
    one: Served, url: str
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two clients with a connection each, one to each process."""
    async with AsyncExitStack() as stack:
        found: dict[int, httpx.AsyncClient] = {}
        for _ in range(MAX_CONNECTIONS):
            client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, timeout=START_SECONDS)
            )
            answer = await client.post("/resolve/customer", json={"query": "ром"}, headers=TO_REST)
            assert answer.status_code == 200, answer.text
            audit = await one.wait_event("audit")
            found.setdefault(audit["worker"], client)
            if len(found) == 2:
                break
        yield found[1], found[2]


async def start_session(client: httpx.AsyncClient) -> dict[str, str]:
    """Begin a session of the handshake era that offers elicitation; its headers."""
    hello = handshake("initialize", protocolVersion="2025-06-18", capabilities={"elicitation": {}})
    answer = await client.post("/mcp", json=hello, headers=TO_MCP)
    assert answer.status_code == 200, answer.text
    return {**TO_MCP, "mcp-session-id": answer.headers["mcp-session-id"]}


async def test_sessions_questions_and_cancellations_work_whichever_process_answers(
    tmp_path: Path,
) -> None:
    onec = Onec()
    results: list[Any] = []
    async with (
        onec_server(onec.play) as server,
        served(tmp_path, server.base_url, WORKERS) as (one, url),
        one_client_per_worker(one, url) as (first, second),
    ):
        session = await start_session(first)
        listed = await second.post("/mcp", json=handshake("tools/list"), headers=session)

        arguments = {"customer": "ром", "period": PERIOD}
        call = handshake("tools/call", name="customer_summary", arguments=arguments)
        async with first.stream("POST", "/mcp", json=call, headers=session) as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data: "):
                    continue
                message = json.loads(line.removeprefix("data: "))
                if message.get("method") != "elicitation/create":
                    results.append(message)
                    continue
                chosen = {"action": "accept", "content": {"customer": "Ромб"}}
                response = {"jsonrpc": "2.0", "id": message["id"], "result": chosen}
                taken = await second.post("/mcp", json=response, headers=session)
                assert taken.status_code == 202

        async with trio.open_nursery() as nursery:
            call = handshake("tools/call", request_id=7, name="stock_balance", arguments={})

            async def ask() -> None:
                results.append((await first.post("/mcp", json=call, headers=session)).status_code)

            nursery.start_soon(ask)
            with trio.fail_after(START_SECONDS):
                await onec.held.wait()
            cancelled = {
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": {"requestId": 7},
            }
            await second.post("/mcp", json=cancelled, headers=session)
            with trio.fail_after(START_SECONDS):
                await onec.left.wait()

    assert listed.json()["result"]["tools"]
    answer, status = results
    assert answer["result"]["structuredContent"]["customer"] == {"id": "c2"}
    assert status == 202


# The SDK leaves the generators of a finished event stream to the garbage collector.
@pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in.*async_generator")
async def test_the_official_sdk_asks_over_a_new_connection_each_time(tmp_path: Path) -> None:
    async def choose(_context: Any, _params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"customer": "Ромб"})

    callback: Any = choose
    workers: set[int] = set()
    async with (
        onec_server(Onec().play) as server,
        served(tmp_path, server.base_url, WORKERS) as (one, url),
        httpx2.AsyncClient(
            headers={"authorization": f"Bearer {MCP_TOKEN}"},
            limits=httpx2.Limits(max_keepalive_connections=0),
            timeout=START_SECONDS,
        ) as http_client,
        Client(
            streamable_http_client(f"{url}/mcp", http_client=http_client),
            mode="legacy",
            elicitation_callback=callback,
        ) as sdk,
    ):
        arguments = {"customer": "ром", "period": PERIOD}
        for _ in range(MAX_CONNECTIONS):
            result = await sdk.call_tool("customer_summary", arguments)
            assert result.structured_content is not None, result
            assert result.structured_content["customer"] == {"id": "c2"}
            workers.add((await one.wait_event("audit"))["worker"])
            if len(workers) == 2:
                break

    assert workers == {1, 2}


async def test_metrics_are_of_both_processes(tmp_path: Path) -> None:
    async with (
        onec_server(Onec().play) as server,
        served(tmp_path, server.base_url, WORKERS) as (one, url),
        one_client_per_worker(one, url) as clients,
    ):
        texts = [(await client.get("/metrics")).text for client in clients]

    for text in texts:
        counted: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "onecgw_tool_calls_total":
                    worker = sample.labels["worker"]
                    counted[worker] = counted.get(worker, 0) + sample.value
        assert set(counted) == {"1", "2"}
        assert 'onecgw_onec_in_flight{worker="1"}' in text


async def test_a_worker_that_dies_is_restarted_and_reload_and_stop_reach_all(
    tmp_path: Path,
) -> None:
    async with (
        onec_server(Onec().play) as server,
        served(tmp_path, server.base_url, WORKERS) as (
            one,
            url,
        ),
    ):
        async with one_client_per_worker(one, url) as (first, _):
            metrics = (await first.get("/metrics")).text
        children = children_of(one.process.pid)
        os.kill(children[0], signal.SIGKILL)
        ended = await one.wait_event("worker.ended")
        started = await one.wait_event("worker.started", START_SECONDS)

        one.change(API_TOKEN, "another-api-token-0001")
        reloaded = await one.run("reload")
        refused = set()
        for _ in range(20):
            async with httpx.AsyncClient(base_url=url) as client:
                answer = await client.post("/resolve/customer", json={}, headers=TO_REST)
                refused.add(answer.status_code)

        one.change("max_concurrency: 16", "max_concurrency: 1")
        wrong = await one.run("reload")
        one.process.terminate()
        code = await one.exit_code()
        left = [pid for pid in (*children, started["pid"]) if is_running(pid)]

    assert f'onecgw_info{{version="{__version__}",worker="1"}}' in metrics.replace(", ", ",")
    assert (ended["code"], ended["pid"]) == (-signal.SIGKILL, children[0])
    assert started["worker"] == ended["worker"]
    assert reloaded.returncode == 0, reloaded.stderr
    assert refused == {401}
    assert wrong.returncode == 2
    assert b"server.workers" in wrong.stderr
    assert (code, left) == (0, [])


async def test_a_login_goes_on_in_the_other_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    oauth = (
        "oauth:\n  enabled: false\n",
        f"oauth:\n  public_url: {origin}\n  keys: local\n  cimd: 'off'\n",
    )
    on_port = ("  port: 0", f"  port: {port}\n  workers: 2")
    async with (
        onec_server(Onec().play) as server,
        served(tmp_path, server.base_url, on_port, oauth) as (one, url),
        one_client_per_worker(one, url) as clients,
    ):
        made = await one.run("keys", "add", "--name", "Olena", "--scopes", "mcp:resolve")
        key = made.stdout.decode().strip()
        for client in clients:
            client.headers["origin"] = origin
        alternating = Alternating(clients)
        token = await fetch_token(alternating.client, key=key, scopes=("mcp:resolve",))
        to_mcp = {**TO_MCP, "authorization": f"Bearer {token}"}
        call = handshake("tools/call", name="resolve_customer", arguments={"query": "ром"})
        before = [
            (await each.post("/mcp", json=call, headers=to_mcp)).status_code for each in clients
        ]
        listed = json.loads((await one.run("keys", "list", "--json")).stdout)
        await one.run("keys", "revoke", listed["id"])
        after = [
            (await each.post("/mcp", json=call, headers=to_mcp)).status_code for each in clients
        ]

    assert before == [200, 200]
    assert after == [401, 401]
    assert len(alternating.used) == 5
    assert set(alternating.used) == {0, 1}


class Alternating(httpx.AsyncBaseTransport):
    """Sends each request by the other of two clients; their cookies are one person's."""

    def __init__(self, clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
        self._clients = clients
        self.used: list[int] = []
        self.client = httpx.AsyncClient(
            transport=self,
            base_url=clients[0].base_url,
            headers={"origin": clients[0].headers["origin"]},
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number = len(self.used) % 2
        self.used.append(number)
        sent = self._clients[number]
        answer = await sent.send(
            sent.build_request(
                request.method,
                request.url,
                headers=request.headers,
                content=await request.aread(),
            )
        )
        headers = [
            (name, value)
            for name, value in answer.headers.raw
            if name.lower() not in {b"content-encoding", b"transfer-encoding"}
        ]
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)


def is_running(pid: int) -> bool:
    """Whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    # A child is listed at the thread that has started it.
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for one in threads for word in one.read_text(encoding="utf-8").split()]


def test_workers_share_what_the_settings_allow_to_all_of_them() -> None:
    settings = make_settings(
        server=ServerSettings(workers=3, max_connections=100),
        onec=OnecSettings(base_url="http://1c.test/hs", max_concurrency=8, max_queue=7),
    )
    shares = [share_of(settings, number) for number in (1, 2, 3)]

    assert [share.onec.max_concurrency for share in shares] == [3, 3, 2]
    assert [share.onec.max_queue for share in shares] == [3, 2, 2]
    assert sum(share.server.max_connections for share in shares) == 100
