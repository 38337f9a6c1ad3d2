from typing import Any

import pytest
import trio
import trio.testing

from onecgw.mcp.engine import Engine
from onecgw.mcp.providers import Providers
from onecgw.mcp.request_context import PROGRESS_INTERVAL_SECONDS, RequestContext
from onecgw.mcp.results import ToolResult
from tests.builders.mcp_engine import (
    INFO,
    META,
    Recorder,
    ScriptedTools,
    ask,
    handshake,
    send,
    stateless,
)


async def run(body: Any, *, meta: Any = None, channel: Recorder | None = None) -> list[Any]:
    """What the client is sent while a tool with this body runs."""

    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        await body(request)
        return ToolResult(text="ok")

    channel = channel or Recorder()
    providers = Providers(info=INFO, tools=ScriptedTools({"tool": tool}), logging=True)
    answer = await ask(
        Engine(providers), stateless("tools/call", name="tool", meta=meta), channel=channel
    )
    assert answer["result"]["content"] == [{"type": "text", "text": "ok"}]
    return channel.sent


def progress(token: Any, **params: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "method": "notifications/progress",
        "params": {"progressToken": token, **params},
    }


async def three_steps(request: RequestContext) -> None:
    for done in (0, 1, 2):
        await request.progress(done, 2, f"step {done}")
        await trio.sleep(PROGRESS_INTERVAL_SECONDS)


@pytest.mark.parametrize("token", ["t", 7])
async def test_progress_carries_the_token_as_it_was_sent(
    token: Any, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock
    assert await run(three_steps, meta={"progressToken": token}) == [
        progress(token, progress=done, total=2, message=f"step {done}") for done in (0, 1, 2)
    ]


@pytest.mark.parametrize("meta", [None, {"progressToken": 1.5}, {"progressToken": None}])
async def test_without_a_token_there_is_no_progress(
    meta: Any, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock
    assert await run(three_steps, meta=meta) == []


async def test_progress_only_grows_and_does_not_flood() -> None:
    async def hasty(request: RequestContext) -> None:
        for done in (5, 4, 5, 6, 7, 10):
            await request.progress(done, 10)

    assert await run(hasty, meta={"progressToken": 1}) == [
        progress(1, progress=5, total=10),
        progress(1, progress=10, total=10),
    ]


async def test_a_pulse_shows_life_without_overtaking_progress(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    channel = Recorder()

    async def slow(request: RequestContext) -> None:
        assert channel.pulse is not None
        await trio.sleep(1)
        await channel.pulse()
        await request.progress(1, 2)
        await channel.pulse()
        await trio.sleep(1)
        await channel.pulse()
        await request.progress(2, 2)
        await trio.sleep(1)
        await channel.pulse()

    assert await run(slow, meta={"progressToken": 1}, channel=channel) == [
        progress(1, progress=0.001, message="working, 1 s"),
        progress(1, progress=1, total=2),
        progress(1, progress=1.001, total=2, message="working, 2 s"),
        progress(1, progress=2, total=2),
    ]


async def test_a_channel_that_cannot_stream_gets_nothing() -> None:
    async def talkative(request: RequestContext) -> None:
        await request.progress(1)
        await request.log("error", "x")

    channel = Recorder(can_stream=False)
    assert await run(talkative, meta={"progressToken": 1}, channel=channel) == []
    assert channel.pulse is None


async def log_all(request: RequestContext) -> None:
    for level in ("debug", "info", "error"):
        await request.log(level, {"at": level}, logger="stock")


def log_message(level: str) -> dict[str, Any]:
    params = {"level": level, "logger": "stock", "data": {"at": level}}
    return {"jsonrpc": "2.0", "method": "notifications/message", "params": params}


async def test_log_messages_are_sent_from_the_requested_level() -> None:
    assert await run(log_all) == []
    assert await run(log_all, meta={f"{META}logLevel": "info"}) == [
        log_message("info"),
        log_message("error"),
    ]


async def test_a_handshake_session_sets_its_level_and_others_keep_theirs() -> None:
    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        await log_all(request)
        return ToolResult(text="ok")

    engine = Engine(Providers(info=INFO, tools=ScriptedTools({"tool": tool}), logging=True))
    hello = handshake("initialize", protocolVersion="2025-11-25")
    sessions = [(await send(engine, hello)).session_id for _ in range(2)]

    async def levels(session_id: str) -> list[str]:
        channel = Recorder()
        call = handshake("tools/call", name="tool")
        await ask(engine, call, channel=channel, session_id=session_id)
        return [message["params"]["level"] for message in channel.sent]

    quiet = handshake("logging/setLevel", level="error")
    assert (await ask(engine, quiet, session_id=sessions[0]))["result"] == {}
    assert (await ask(engine, quiet))["result"] == {}
    bad = handshake("logging/setLevel", level="loud")
    assert (await ask(engine, bad, session_id=sessions[0]))["error"]["code"] == -32602
    assert [await levels(each) for each in (*sessions, "")] == [
        ["error"],
        ["info", "error"],
        ["info", "error"],
    ]
