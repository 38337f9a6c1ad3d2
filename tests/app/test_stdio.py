"""MCP over two pipes: one message per line, many at a time, nothing else on stdout."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import msgspec
import pytest
import trio
import trio.testing

from onecgw.app import stdio
from onecgw.app.stdio import LAST_ANSWERS_SECONDS, serve_stdio
from onecgw.mcp.client_requests import elicitation
from onecgw.mcp.engine import Engine
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from tests.builders.mcp_engine import ALICE, META, handshake, make_engine, stateless


@attrs.define
class Pipe:
    """The client's ends of both pipes."""

    stdin: trio.testing.MemorySendStream
    stdout: trio.testing.MemoryReceiveStream
    rest: bytes = b""

    async def send(self, *messages: Any) -> None:
        lines = [
            message if isinstance(message, bytes) else msgspec.json.encode(message)
            for message in messages
        ]
        await self.stdin.send_all(b"".join(line + b"\n" for line in lines))

    async def read(self) -> Any:
        while b"\n" not in self.rest:
            part = await self.stdout.receive_some()
            assert part, "stdout ended"
            self.rest += bytes(part)
        line, _, self.rest = self.rest.partition(b"\n")
        return msgspec.json.decode(line)

    async def ask(self, message: Any) -> Any:
        await self.send(message)
        return await self.read()


@asynccontextmanager
async def serving(engine: Engine) -> AsyncIterator[Pipe]:
    """A running server; when the block ends stdin ends too, and the server must come to its end."""
    to_server, stdin = trio.testing.memory_stream_one_way_pair()
    stdout, from_server = trio.testing.memory_stream_one_way_pair()

    async def serve() -> None:
        await serve_stdio(engine, ALICE, stdin=stdin, stdout=stdout)
        await stdout.aclose()

    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            yield Pipe(to_server, from_server)
            await to_server.aclose()


async def forever(_arguments: bytes, _request: RequestContext) -> ToolResult:
    await trio.sleep_forever()
    raise AssertionError


async def test_both_eras_are_served_on_one_pair_of_pipes() -> None:
    async with serving(make_engine()) as pipe:
        hello = await pipe.ask(handshake("initialize", protocolVersion="2025-06-18"))
        assert hello["result"]["protocolVersion"] == "2025-06-18"
        await pipe.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert (await pipe.ask(handshake("ping", request_id="p"))) == {
            "jsonrpc": "2.0",
            "id": "p",
            "result": {},
        }
        assert (await pipe.ask(stateless("tools/list")))["result"]["resultType"] == "complete"


@pytest.mark.parametrize("line", [b"{", b"\xff", b"null", b"[]"])
async def test_what_is_no_message_is_refused_and_the_next_line_is_served(line: bytes) -> None:
    async with serving(make_engine()) as pipe:
        assert (await pipe.ask(line))["error"]["code"] in {-32700, -32600}
        await pipe.send(b"", b"  ")
        assert (await pipe.ask(handshake("ping")))["result"] == {}


async def test_a_slow_request_does_not_hold_up_the_next() -> None:
    async with serving(make_engine(forever=forever)) as pipe:
        await pipe.send(handshake("tools/call", request_id=1, name="forever"))
        assert (await pipe.ask(handshake("ping", request_id=2)))["id"] == 2
        await pipe.send(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        )


@pytest.mark.parametrize("request_of", [handshake, stateless])
async def test_a_request_is_cancelled_even_by_the_very_next_line(request_of: Any) -> None:
    async with serving(make_engine(forever=forever)) as pipe:
        await pipe.send(
            request_of("tools/call", request_id=7, name="forever"),
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}},
            handshake("ping", request_id=8),
        )
        assert (await pipe.read())["id"] == 8


async def test_a_question_travels_over_the_same_pipes() -> None:
    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        answers = await request.request_input({"who": elicitation("Who?", {"type": "object"})})
        return ToolResult(text=str(answers["who"]["action"]))

    async with serving(make_engine(tool=tool)) as pipe:
        capabilities: dict[str, Any] = {"elicitation": {}}
        await pipe.ask(
            handshake("initialize", protocolVersion="2025-11-25", capabilities=capabilities)
        )
        question = await pipe.ask(handshake("tools/call", request_id="c", name="tool"))
        assert question["method"] == "elicitation/create"
        answer = {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}}
        result = await pipe.ask(answer)
        assert (result["id"], result["result"]["content"][0]["text"]) == ("c", "decline")


async def test_a_call_that_outlasts_a_second_shows_progress(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock

    async def tool(_arguments: bytes, _request: RequestContext) -> ToolResult:
        await trio.sleep(2.5)
        return ToolResult(text="done")

    async with serving(make_engine(tool=tool)) as pipe:
        message = stateless("tools/call", name="tool", meta={"progressToken": "t"})
        seen = [await pipe.ask(message), await pipe.read(), await pipe.read()]
    assert [one["params"]["message"] for one in seen[:2]] == ["working, 1 s", "working, 2 s"]
    assert seen[2]["result"]["resultType"] == "complete"


async def test_the_last_answers_come_after_stdin_has_ended(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock

    async def slow(_arguments: bytes, _request: RequestContext) -> ToolResult:
        await trio.sleep(LAST_ANSWERS_SECONDS - 1)
        return ToolResult(text="done")

    async with serving(make_engine(slow=slow, forever=forever)) as pipe:
        await pipe.stdin.send_all(
            msgspec.json.encode(handshake("tools/call", request_id=1, name="forever"))
            + b"\n"
            + msgspec.json.encode(handshake("tools/call", request_id=2, name="slow"))
        )
        await pipe.stdin.aclose()
        assert (await pipe.read())["id"] == 2
        assert await pipe.stdout.receive_some() == b""


async def test_a_listen_stream_ends_with_stdin() -> None:
    async with serving(make_engine()) as pipe:
        message = stateless("subscriptions/listen", notifications={"toolsListChanged": True})
        acknowledged = await pipe.ask(message)
        assert acknowledged["params"]["_meta"] == {f"{META}subscriptionId": 1}
        await pipe.stdin.aclose()
        assert (await pipe.read())["result"]["resultType"] == "complete"


async def test_line_breaks_between_tokens_stay_off_the_wire() -> None:
    async def tool(_arguments: bytes, _request: RequestContext) -> ToolResult:
        return ToolResult(body=b'{"a":\r\n1}')

    async with serving(make_engine(tool=tool)) as pipe:
        answer = await pipe.ask(handshake("tools/call", name="tool"))
        assert answer["result"]["structuredContent"] == {"a": 1}


async def test_a_client_that_dies_ends_the_server_quietly() -> None:
    async with serving(make_engine()) as pipe:
        await pipe.stdout.aclose()
        await pipe.send(handshake("ping"))


async def test_a_process_serves_its_own_stdin_and_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    their_stdin, our_end = os.pipe()
    answers, their_stdout = os.pipe()
    with (
        os.fdopen(their_stdin, "r") as stdin,
        os.fdopen(their_stdout, "w") as stdout,
        os.fdopen(our_end, "wb", buffering=0) as to_server,
        os.fdopen(answers, "rb") as from_server,
    ):
        monkeypatch.setattr("sys.stdin", stdin)
        monkeypatch.setattr("sys.stdout", stdout)
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(serve_stdio, make_engine(), ALICE)
                to_server.write(msgspec.json.encode(handshake("ping")) + b"\n")
                line = await trio.to_thread.run_sync(from_server.readline)
                to_server.close()
    assert msgspec.json.decode(line) == {"jsonrpc": "2.0", "id": 1, "result": {}}


async def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio, "MAX_LINE_BYTES", 100)
    async with serving(make_engine()) as pipe:
        await pipe.stdin.send_all(b'{"a":"' + b"x" * 200)
        assert (await pipe.read())["error"]["code"] == -32700
        assert await pipe.stdout.receive_some() == b""
