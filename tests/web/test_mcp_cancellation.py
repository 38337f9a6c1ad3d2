"""A client that stops waiting also stops 1C: its connection is closed, on real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import httpx
import msgspec
import pytest
import trio

from onecgw.app.lifespan import open_gateway
from onecgw.mcp.engine import Engine
from onecgw.serving import serve_app
from onecgw.settings import OnecAuthSettings, OnecSettings, Secret
from onecgw.web.app import build_app
from tests.builders.gateway_rig import MCP_TOKEN, make_engine, make_settings
from tests.builders.mcp_engine import handshake, mirror_of, stateless

TEST_SECONDS = 30
DEADLINE_MS = 600_000  # far beyond: it must not be the deadline that ends the call
HEADERS = {
    "authorization": f"Bearer {MCP_TOKEN}",
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
}
STOCK = {"name": "stock_balance", "arguments": {}}


@attrs.define
class SilentOnec:
    """A 1C that takes a question and never answers; it notes when it is left."""

    requested: trio.Event = attrs.field(factory=trio.Event)
    left: trio.Event = attrs.field(factory=trio.Event)

    async def serve(self, stream: trio.SocketStream) -> None:
        async with stream:
            if (await stream.receive_some()).startswith(b"GET "):
                return  # the gateway asks what this base can do; that is not the call
            self.requested.set()
            try:
                while await stream.receive_some():
                    pass
            except trio.BrokenResourceError:
                pass
            self.left.set()


@asynccontextmanager
async def gateway() -> AsyncIterator[tuple[str, SilentOnec]]:
    """A whole gateway on a socket, in front of a 1C that never answers."""
    onec = SilentOnec()
    with trio.fail_after(TEST_SECONDS):
        async with trio.open_nursery() as nursery:
            [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(trio.serve_listeners, onec.serve, [listener])
            port = listener.socket.getsockname()[1]
            settings = make_settings(
                onec=OnecSettings(
                    base_url=f"http://127.0.0.1:{port}/hs",
                    auth=OnecAuthSettings(username="u", password=Secret("p")),
                    timeout_ms=DEADLINE_MS,
                    report_timeout_ms=DEADLINE_MS,
                )
            )
            async with open_gateway(settings) as application:
                engine: Engine = make_engine(application)
                app = build_app(settings, application, engine)
                urls: list[str] = []
                up = trio.Event()

                def announce(url: str) -> None:
                    urls.append(url)
                    up.set()

                serve = partial(
                    serve_app, app, host="127.0.0.1", port=0, grace_seconds=1, announce=announce
                )
                nursery.start_soon(serve)
                await up.wait()
                yield f"{urls[0]}/mcp", onec
                nursery.cancel_scope.cancel()


def headers_for(message: dict[str, Any]) -> dict[str, str]:
    if "_meta" not in message["params"]:
        return HEADERS
    mirror = mirror_of(message)
    assert mirror.version is not None
    assert mirror.method is not None
    assert mirror.name is not None
    return {
        **HEADERS,
        "mcp-protocol-version": mirror.version,
        "mcp-method": mirror.method,
        "mcp-name": mirror.name,
    }


async def post(url: str, message: dict[str, Any], *, http2: bool = False) -> int:
    async with httpx.AsyncClient(http1=not http2, http2=http2, timeout=TEST_SECONDS) as client:
        body = msgspec.json.encode(message)
        return (await client.post(url, content=body, headers=headers_for(message))).status_code


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
@pytest.mark.parametrize(
    "message",
    [
        stateless("tools/call", **STOCK),
        stateless("tools/call", **STOCK, meta={"progressToken": 1}),
        handshake("tools/call", **STOCK),
    ],
    ids=["modern", "stateless-streaming", "legacy"],
)
async def test_a_client_that_disconnects_ends_the_call_in_1c(
    message: dict[str, Any], http2: bool
) -> None:
    async with gateway() as (url, onec):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(post, url, message, http2=http2))
            await onec.requested.wait()
            assert not onec.left.is_set()
            nursery.cancel_scope.cancel()
        await onec.left.wait()


async def test_a_cancelled_notification_ends_the_call_in_1c() -> None:
    cancel = {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": "slow"},
    }
    statuses: list[int] = []

    async def call(url: str) -> None:
        statuses.append(await post(url, handshake("tools/call", request_id="slow", **STOCK)))

    async with gateway() as (url, onec):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, url)
            await onec.requested.wait()
            assert await post(url, cancel) == 202
            await onec.left.wait()
        assert statuses == [202]
