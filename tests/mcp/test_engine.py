import logging
from typing import Any

import pytest
import trio
import trio.testing

from onecgw.auth.caller import Caller
from onecgw.errors import (
    NotFound,
    OnecTimeout,
    Problem,
    RateLimited,
    ValidationFailed,
)
from onecgw.mcp.handshake import LATEST_HANDSHAKE_VERSION
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from onecgw.mcp.validation import (
    HANDSHAKE_VERSIONS,
    STATELESS_VERSION,
    SUPPORTED_VERSIONS,
    HeaderMirror,
)
from tests.builders.mcp_engine import (
    ALICE,
    BOB,
    META,
    SERVER_INFO,
    ask,
    handshake,
    make_engine,
    send,
    stateless,
)

CANCELLED = {"jsonrpc": "2.0", "method": "notifications/cancelled"}


def result(members: dict[str, Any], **modern_members: Any) -> dict[str, Any]:
    """A stateless answer."""
    common = {"resultType": "complete", "_meta": SERVER_INFO}
    return {"jsonrpc": "2.0", "id": 1, "result": {**members, **common, **modern_members}}


async def test_discover_returns_versions_capabilities_and_instructions() -> None:
    assert await ask(make_engine(), stateless("server/discover")) == result(
        {
            "supportedVersions": list(SUPPORTED_VERSIONS),
            "capabilities": {"tools": {"listChanged": True}},
            "instructions": "Resolve names first.",
        },
        ttlMs=60_000,
        cacheScope="private",
    )


async def test_tools_are_listed_with_cache_hints_only_in_the_stateless_era() -> None:
    tools = [{"name": "echo", "inputSchema": {"type": "object"}}]
    engine = make_engine()
    assert await ask(engine, stateless("tools/list")) == result(
        {"tools": tools}, ttlMs=60_000, cacheScope="private"
    )
    assert await ask(engine, handshake("tools/list")) == {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"tools": tools},
    }


async def test_a_list_has_one_page() -> None:
    answer = await ask(make_engine(), handshake("tools/list", cursor="next"))
    assert answer["error"]["code"] == -32602


async def test_the_body_of_a_tool_is_sent_as_structure_and_as_text_digit_for_digit() -> None:
    body = b'{"sum":12345678901234567890.10,"tiny":1E-7,"label":"\xc2\xab\\"\xc2\xbb"}'
    message = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    message += b'{"name":"echo","arguments":%b}}' % body
    outgoing = await send(make_engine(), message)
    assert outgoing.body is not None
    assert b'"structuredContent":%b}' % body in outgoing.body
    answer = await ask(make_engine(), message)
    assert answer["result"]["content"] == [{"type": "text", "text": body.decode()}]


@pytest.mark.parametrize("arguments", [b"", b',"arguments":{}', b',"arguments":null'])
async def test_absent_arguments_are_an_empty_object(arguments: bytes) -> None:
    message = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"%b}}'
    answer = await ask(make_engine(), message % arguments)
    assert answer["result"]["structuredContent"] == {}


@pytest.mark.parametrize(
    "params",
    [{}, {"name": 7}, {"name": "echo", "arguments": [1]}, {"name": "echo", "arguments": "{}"}],
)
async def test_broken_params_are_invalid_params(params: dict[str, Any]) -> None:
    answer = await ask(make_engine(), handshake("tools/call", **params))
    assert answer["error"]["code"] == -32602


async def raising(error: Exception, *, era: str = "modern") -> Any:
    async def tool(_arguments: bytes, _request: RequestContext) -> ToolResult:
        raise error

    request = stateless if era == "modern" else handshake
    return await ask(make_engine(tool=tool), request("tools/call", name="tool", arguments={}))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OnecTimeout("1C did not answer within 1500 ms"), "onec_timeout: 1C did not answer"),
        (
            ValidationFailed(
                (Problem(path="top", message="not a number"), Problem(path="", message="what?"))
            ),
            "validation_error: top: not a number; what?",
        ),
        (RateLimited("too many calls", retry_after_seconds=7), "(try again in 7 s)"),
    ],
)
@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_what_a_model_can_mend_is_a_result(error: Exception, text: str, era: str) -> None:
    answer = (await raising(error, era=era))["result"]
    assert answer["isError"] is True
    assert text in answer["content"][0]["text"]


async def test_a_hidden_tool_and_an_unknown_one_are_answered_alike() -> None:
    hidden = await raising(NotFound("hidden from you"))
    unknown = await ask(make_engine(), stateless("tools/call", name="tool", arguments={}))
    assert hidden == unknown
    assert unknown["error"] == {"code": -32602, "message": "unknown tool: tool"}


async def test_a_fault_of_ours_is_generic_and_logged_under_the_request_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await raising(RuntimeError("secret"))
    assert answer["error"] == {
        "code": -32603,
        "message": "internal error; the log has more under request r-1",
    }
    assert [record.getMessage() for record in caplog.records] == ["mcp.failed"]
    assert vars(caplog.records[0])["fields"] == {"request_id": "r-1", "sub": "alice"}


@pytest.mark.parametrize("version", [*HANDSHAKE_VERSIONS, "2030-01-01", STATELESS_VERSION])
async def test_initialize_agrees_on_the_version_if_it_is_served(version: str) -> None:
    message = handshake("initialize", protocolVersion=version, capabilities={}, clientInfo={})
    outgoing = await send(make_engine(), message)
    assert outgoing.session_id.isascii()
    assert outgoing.session_id.isprintable()
    assert await ask(make_engine(), message) == {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {
            "protocolVersion": version
            if version in HANDSHAKE_VERSIONS
            else LATEST_HANDSHAKE_VERSION,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "onecgw", "title": "Gateway", "version": "0"},
            "instructions": "Resolve names first.",
        },
    }


async def test_ping_is_answered() -> None:
    assert await ask(make_engine(), {"jsonrpc": "2.0", "id": "p", "method": "ping"}) == {
        "jsonrpc": "2.0",
        "id": "p",
        "result": {},
    }


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/of/another/kind", "params": {"a": 1}},
        {"jsonrpc": "2.0", "id": 3, "result": {}},
        {"jsonrpc": "2.0", "id": 3, "error": {"code": 1, "message": "no"}},
        CANCELLED,
        {**CANCELLED, "params": {"requestId": {"a": 1}}},
    ],
)
async def test_notifications_and_responses_get_no_answer(message: dict[str, Any]) -> None:
    assert await ask(make_engine(), message) is None


async def test_the_stateless_era_has_no_responses_from_the_client() -> None:
    response = {"jsonrpc": "2.0", "id": 3, "result": {}}
    answer = await ask(make_engine(), response, mirror=HeaderMirror(version=STATELESS_VERSION))
    assert (answer["id"], answer["error"]["code"]) == (3, -32600)


async def test_a_batch_is_answered_in_order_without_its_notifications() -> None:
    batch = [
        handshake("ping", request_id=1),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        handshake("initialize", request_id="i", protocolVersion="2025-03-26"),
        handshake("nothing", request_id=2),
    ]
    answers = await ask(make_engine(), batch, mirror=HeaderMirror(version="2025-03-26"))
    assert [(answer.get("id"), answer.get("error", {}).get("code")) for answer in answers] == [
        (1, None),
        (None, -32600),
        ("i", -32600),
        (2, -32601),
    ]


async def test_a_batch_of_notifications_gets_no_answer() -> None:
    assert await ask(make_engine(), [CANCELLED, CANCELLED]) is None


@pytest.mark.parametrize("version", ["2025-06-18", "2024-11-05", STATELESS_VERSION])
async def test_other_revisions_have_no_batches(version: str) -> None:
    answer = await ask(make_engine(), [handshake("ping")], mirror=HeaderMirror(version=version))
    assert answer["error"]["code"] == -32600


async def test_the_audit_has_the_name_that_the_program_gives_itself() -> None:
    seen: list[Caller] = []

    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        seen.append(request.context.caller)
        return ToolResult(text="ok")

    meta = {f"{META}clientInfo": {"name": "Desk", "version": "1.2"}}
    await ask(make_engine(tool=tool), stateless("tools/call", name="tool", meta=meta))
    assert seen == [Caller(sub="alice", scopes=ALICE.scopes, client="Desk 1.2")]


TRANSPORT_TRACE = f"00-{'1' * 32}-{'2' * 16}-01"
MESSAGE_TRACE = f"00-{'3' * 32}-{'4' * 16}-01"


async def test_the_trace_of_the_message_goes_before_that_of_the_transport() -> None:
    seen: list[str | None] = []

    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        seen.append(request.context.traceparent)
        return ToolResult(text="ok")

    engine = make_engine(tool=tool)
    await ask(engine, stateless("tools/call", name="tool"), traceparent=TRANSPORT_TRACE)
    meta = {"traceparent": MESSAGE_TRACE}
    message = stateless("tools/call", name="tool", meta=meta)
    await ask(engine, message, traceparent=TRANSPORT_TRACE)
    assert seen == [TRANSPORT_TRACE, MESSAGE_TRACE]


class Endless:
    """A tool that runs until it is cancelled."""

    def __init__(self) -> None:
        self.started = trio.Event()
        self.was_cancelled = False

    async def __call__(self, _arguments: bytes, _request: RequestContext) -> ToolResult:
        self.started.set()
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            self.was_cancelled = True
            raise


async def test_a_cancelled_request_stops_and_is_not_answered() -> None:
    tool = Endless()
    engine = make_engine(endless=tool)
    answers: list[Any] = []

    async def call() -> None:
        message = handshake("tools/call", request_id="a", name="endless")
        answers.append(await ask(engine, message, session_id="", mirror=HeaderMirror()))

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call)
            await tool.started.wait()
            cancel = {**CANCELLED, "params": {"requestId": "a", "reason": "enough"}}
            await ask(engine, cancel, mirror=HeaderMirror())
    assert (answers, tool.was_cancelled) == ([None], True)


@pytest.mark.parametrize(
    ("request_id", "caller", "version"),
    [("b", ALICE, None), ("a", BOB, None), ("a", ALICE, STATELESS_VERSION)],
)
async def test_a_caller_cannot_cancel_the_request_of_another(
    request_id: str, caller: Caller, version: str | None
) -> None:
    tool = Endless()
    engine = make_engine(endless=tool)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            message = handshake("tools/call", request_id="a", name="endless")
            nursery.start_soon(ask, engine, message)
            await tool.started.wait()
            cancel = {**CANCELLED, "params": {"requestId": request_id}}
            await ask(engine, cancel, caller=caller, mirror=HeaderMirror(version=version))
            await trio.testing.wait_all_tasks_blocked()
            assert not tool.was_cancelled
            nursery.cancel_scope.cancel()


async def test_two_requests_with_one_id_are_not_cancelled_by_guessing() -> None:
    tool = Endless()
    engine = make_engine(endless=tool)
    message = handshake("tools/call", request_id="a", name="endless")
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, engine, message)
            nursery.start_soon(ask, engine, message)
            await trio.testing.wait_all_tasks_blocked()
            await ask(engine, {**CANCELLED, "params": {"requestId": "a"}})
            await trio.testing.wait_all_tasks_blocked()
            assert not tool.was_cancelled
            nursery.cancel_scope.cancel()
