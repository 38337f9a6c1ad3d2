"""What the protocol costs: CPU per call of the engine alone, and of POST /mcp without a socket.

python -m tests.bench.mcp_engine
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import trio

from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.mcp.engine import Engine, Incoming
from onecgw.mcp.providers import Providers
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from onecgw.web.asgi import Message
from tests.builders.mcp_engine import (
    ALICE,
    INFO,
    Recorder,
    ScriptedTools,
    handshake,
    make_endpoint,
    mirror_of,
    stateless,
)

ROUNDS: Final = 5
SMALL: Final = msgspec.json.encode({"candidates": [{"id": "1" * 36, "label": "ТОВ «Ромашка»"}]})
ROW: Final = [{"id": "0" * 36, "label": "Кав'ярня «Світанок», №7"}, 12.5, "2026-01-31", 10**9]
LARGE: Final = msgspec.json.encode({"columns": [{"name": "x"}] * 4, "rows": [ROW] * 15_000})


async def answer_small(_arguments: bytes, _request: RequestContext) -> ToolResult:
    return ToolResult(body=SMALL)


async def answer_large(_arguments: bytes, _request: RequestContext) -> ToolResult:
    return ToolResult(body=LARGE)


ENGINE: Final = Engine(
    Providers(info=INFO, tools=ScriptedTools({"small": answer_small, "large": answer_large}))
)


async def _authenticate(_request: object, _request_id: str) -> Caller:
    return ALICE


def engine_call(message: dict[str, Any], *, is_stateless: bool) -> Callable[[], Awaitable[Any]]:
    incoming = Incoming(
        body=msgspec.json.encode(message),
        context=CallContext(caller=ALICE, request_id="r", surface="mcp"),
        channel=Recorder(),
        mirror=mirror_of(message) if is_stateless else None,
    )
    return lambda: ENGINE.handle(incoming)


def endpoint_call(message: dict[str, Any]) -> Callable[[], Awaitable[Any]]:
    endpoint = make_endpoint(ENGINE, authenticate=_authenticate)
    mirror = mirror_of(message)
    headers = {
        "host": "127.0.0.1:8088",
        "user-agent": "bench",
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": mirror.version,
        "mcp-method": mirror.method,
        "mcp-name": mirror.name,
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "headers": [(name.encode(), str(value).encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }
    body = msgspec.json.encode(message)

    async def send(message: Message) -> None:
        del message

    async def call() -> None:
        unread = True

        async def receive() -> Message:
            nonlocal unread
            if unread:
                unread = False
                return {"type": "http.request", "body": body, "more_body": False}
            await trio.sleep_forever()
            raise AssertionError

        await endpoint(scope, receive, send)

    return call


async def measure(name: str, call: Callable[[], Awaitable[Any]], times: int) -> None:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(times):
            await call()
        best = min(best, (time.process_time() - began) / times)
    print(f"{name:<44} {best * 1e6:10.1f} µs")


async def main() -> None:
    small = {"arguments": {"query": "ромашка"}}
    print(f"a small answer is {len(SMALL)} bytes, a large one {len(LARGE)}")
    stateless_small = stateless("tools/call", name="small", **small)
    await measure("engine, stateless, small", engine_call(stateless_small, is_stateless=True), 2000)
    handshake_small = handshake("tools/call", name="small", **small)
    await measure(
        "engine, handshake, small", engine_call(handshake_small, is_stateless=False), 2000
    )
    listing = stateless("tools/list")
    await measure("engine, stateless, tools/list", engine_call(listing, is_stateless=True), 2000)
    await measure("POST /mcp, stateless, small", endpoint_call(stateless_small), 2000)
    large = stateless("tools/call", name="large", **small)
    await measure("engine, stateless, large", engine_call(large, is_stateless=True), 20)
    await measure("POST /mcp, stateless, large", endpoint_call(large), 20)


if __name__ == "__main__":
    trio.run(main)
