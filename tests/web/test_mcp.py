"""POST /mcp as HTTP: what is checked in which order, and when an answer becomes a stream."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import msgspec
import pytest
import trio
import trio.testing

from onecgw.errors import Unauthorized
from onecgw.mcp.engine import Engine
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from onecgw.mcp.validation import STATELESS_VERSION
from onecgw.web.asgi import BODY_SECONDS, Message, Request
from onecgw.web.sse import KEEP_ALIVE_SECONDS
from tests.builders.mcp_engine import (
    ALICE,
    META,
    handshake,
    make_endpoint,
    make_engine,
    mirror_of,
    stateless,
)

MAX_BYTES = 4_096
HEADERS = {
    "authorization": "Bearer good",
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
}
TOKEN = {"progressToken": "t"}


async def authenticate(request: Request, _request_id: str) -> Any:
    if request.value("authorization") != "Bearer good":
        raise Unauthorized("who are you?", challenge='Bearer realm="test"')
    return ALICE


@attrs.define
class Answered:
    """What the endpoint sent."""

    messages: list[Message] = attrs.field(factory=list)
    changed: trio.Event = attrs.field(factory=trio.Event)

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        self.changed.set()
        self.changed = trio.Event()

    async def wait_messages(self, count: int) -> None:
        while len(self.messages) < count:
            await self.changed.wait()

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def events(self) -> list[Any]:
        blocks = self.body.decode().split("\n\n")
        return [
            msgspec.json.decode(block.removeprefix("event: message\ndata: "))
            if block.startswith("event: message\ndata: ")
            else block
            for block in blocks
            if block
        ]


async def post(
    message: Any,
    *,
    engine: Engine | None = None,
    method: str = "POST",
    headers: dict[str, str | None] | None = None,
    extra: list[tuple[bytes, bytes]] | None = None,
    answered: Answered | None = None,
    client_leaves: trio.Event | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answered:
    """One request to the endpoint; by default the client stays for the answer."""
    body = message if isinstance(message, bytes) else msgspec.json.encode(message)
    sent = {**HEADERS, **(headers or {})}
    answered = answered or Answered()
    scope = {
        "type": "http",
        "method": method,
        "path": "/mcp",
        "headers": [
            *((name.encode(), value.encode("latin-1")) for name, value in sent.items() if value),
            *(extra or []),
        ],
        "client": ("127.0.0.1", 5),
    }
    leaves = trio.Event() if client_leaves is None else client_leaves
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if parts:
            return parts.pop()
        await leaves.wait()
        return {"type": "http.disconnect"}

    endpoint = make_endpoint(
        engine or make_engine(), authenticate=authenticate, max_request_bytes=max_bytes
    )
    with trio.fail_after(120):
        await endpoint(scope, receive, answered.send)
    return answered


def modern_headers(message: dict[str, Any]) -> dict[str, str | None]:
    mirror = mirror_of(message)
    return {
        "mcp-protocol-version": mirror.version,
        "mcp-method": mirror.method,
        "mcp-name": mirror.name,
    }


async def post_modern(message: dict[str, Any], **options: Any) -> Answered:
    return await post(message, headers=modern_headers(message), **options)


async def test_an_answer_is_json_with_the_request_id_of_the_gateway() -> None:
    answered = await post(handshake("ping", request_id="№"))
    assert (answered.status, answered.json) == (200, {"jsonrpc": "2.0", "id": "№", "result": {}})
    assert answered.headers["content-type"] == "application/json; charset=utf-8"
    assert answered.headers["content-length"] == str(len(answered.body))
    assert len(answered.headers["x-request-id"]) == 16
    assert len(answered.messages) == 2


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS", "HEAD"])
async def test_only_post_is_allowed_and_only_to_those_who_may_call(method: str) -> None:
    answered = await post(b"", method=method)
    assert (answered.status, answered.headers["allow"]) == (405, "POST")
    answered = await post(b"", method=method, headers={"authorization": None})
    assert (answered.status, answered.headers["www-authenticate"]) == (401, 'Bearer realm="test"')


async def test_a_client_without_a_token_is_refused_before_the_body_is_read() -> None:
    assert (await post(b"{", headers={"authorization": "Bearer bad"})).status == 401


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/jsonp", ""])
async def test_another_content_type_is_415(content_type: str | None) -> None:
    assert (await post(handshake("ping"), headers={"content-type": content_type})).status == 415


async def test_the_content_type_may_have_parameters() -> None:
    headers: dict[str, str | None] = {"content-type": "Application/JSON ; charset=utf-8"}
    assert (await post(handshake("ping"), headers=headers)).status == 200


async def test_a_body_over_the_limit_is_413() -> None:
    assert (await post(handshake("ping", request_id="x" * MAX_BYTES))).status == 413


async def test_a_body_that_never_ends_is_refused(autojump_clock: trio.testing.MockClock) -> None:
    del autojump_clock
    answered = Answered()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "headers": [(name.encode(), value.encode()) for name, value in HEADERS.items()],
    }
    endpoint = make_endpoint(make_engine(), authenticate=authenticate, max_request_bytes=9)
    began = trio.current_time()
    await endpoint(scope, trio.sleep_forever, answered.send)
    assert (answered.status, trio.current_time() - began) == (400, BODY_SECONDS)


@pytest.mark.parametrize(
    ("accept", "status"),
    [(None, 200), ("application/json", 200), ("text/html", 200), ("*/*", 200)],
)
async def test_accept_is_read_leniently(accept: str | None, status: int) -> None:
    assert (await post(handshake("ping"), headers={"accept": accept})).status == status


async def test_only_a_listen_stream_insists_on_accept() -> None:
    message = stateless("subscriptions/listen", notifications={})
    headers = {**modern_headers(message), "accept": "application/json"}
    answered = await post(message, headers=headers)
    assert (answered.status, answered.json["error"]["code"]) == (406, -32600)


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[]", 400, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600),
        (handshake("nothing"), 200, -32601),
        (handshake("tools/call", name="nothing"), 200, -32602),
    ],
)
async def test_handshake_errors_are_answers_unless_they_are_no_message(
    message: Any, status: int, code: int
) -> None:
    answered = await post(message)
    assert (answered.status, answered.json["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("message", "change", "status", "code"),
    [
        (stateless("initialize"), {}, 404, -32601),
        (stateless("nothing"), {}, 404, -32601),
        (stateless("tools/call", name="nothing"), {}, 400, -32602),
        (stateless("tools/list"), {"mcp-method": None}, 400, -32020),
        (stateless("tools/list"), {"mcp-protocol-version": "2025-11-25"}, 400, -32020),
        (stateless("tools/list", meta={f"{META}protocolVersion": "1"}), {}, 400, -32022),
        (stateless("tools/list", meta={f"{META}clientCapabilities": 1}), {}, 400, -32602),
    ],
)
async def test_stateless_errors_have_a_status_of_their_own(
    message: Any, change: dict[str, str | None], status: int, code: int
) -> None:
    answered = await post(message, headers={**modern_headers(message), **change})
    assert (answered.status, answered.json["error"]["code"]) == (status, code)
    assert answered.json["id"] == 1


async def test_a_lacking_capability_is_400() -> None:
    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        request.require("sampling")
        return ToolResult(text="never")

    message = stateless("tools/call", name="tool")
    answered = await post_modern(message, engine=make_engine(tool=tool))
    assert (answered.status, answered.json["error"]["code"]) == (400, -32021)


async def test_a_fault_of_ours_is_an_answer_like_any_other() -> None:
    async def tool(_arguments: bytes, _request: RequestContext) -> ToolResult:
        raise RuntimeError("secret")

    message = stateless("tools/call", name="tool")
    answered = await post_modern(message, engine=make_engine(tool=tool))
    assert (answered.status, answered.json["error"]["code"]) == (200, -32603)
    assert answered.headers["x-request-id"] in answered.json["error"]["message"]
    assert b"secret" not in answered.body


async def test_a_routing_header_must_not_come_twice() -> None:
    message = stateless("tools/list")
    answered = await post_modern(message, extra=[(b"mcp-method", b"tools/list")])
    assert (answered.status, answered.json["error"]["code"]) == (400, -32020)


async def test_blanks_around_a_header_do_not_count() -> None:
    message = stateless("tools/list")
    headers = {**modern_headers(message), "mcp-method": "  tools/list\t"}
    assert (await post(message, headers=headers)).status == 200


@pytest.mark.parametrize("version", [None, STATELESS_VERSION])
async def test_a_notification_is_accepted_without_a_body(version: str | None) -> None:
    message = {"jsonrpc": "2.0", "method": "notifications/anything"}
    answered = await post(message, headers={"mcp-protocol-version": version})
    assert (answered.status, answered.body) == (202, b"")


async def test_a_session_begins_in_a_header_and_an_unknown_one_is_404() -> None:
    answered = await post(handshake("initialize", protocolVersion="2025-11-25"))
    session = answered.headers["mcp-session-id"]
    assert (await post(handshake("ping"), headers={"mcp-session-id": session})).status == 200
    assert (await post(handshake("ping"), headers={"mcp-session-id": session + "x"})).status == 404


class Steps:
    """A tool that goes on when the test says so."""

    def __init__(self, *steps: Callable[[RequestContext], Awaitable[None]]) -> None:
        self._steps = steps
        self.was_cancelled = False

    async def __call__(self, _arguments: bytes, request: RequestContext) -> ToolResult:
        try:
            for step in self._steps:
                await step(request)
        except trio.Cancelled:
            self.was_cancelled = True
            raise
        return ToolResult(text="done")


def wait(seconds: float) -> Callable[[RequestContext], Awaitable[None]]:
    async def step(_request: RequestContext) -> None:
        await trio.sleep(seconds)

    return step


async def forever(_request: RequestContext) -> None:
    await trio.sleep_forever()


def tell(done: float) -> Callable[[RequestContext], Awaitable[None]]:
    return lambda request: request.progress(done)


async def call(tool: Steps, *, meta: Any = None, **options: Any) -> Answered:
    message = stateless("tools/call", name="tool", meta=meta)
    return await post_modern(message, engine=make_engine(tool=tool), **options)


async def test_the_first_notification_makes_a_stream_of_the_answer() -> None:
    answered = await call(Steps(tell(1)), meta=TOKEN)
    assert answered.status == 200
    assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answered.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answered.headers
    [progress, result] = answered.events
    assert progress["params"] == {"progressToken": "t", "progress": 1}
    assert result["result"]["content"] == [{"type": "text", "text": "done"}]


async def test_a_client_that_takes_no_stream_gets_json_and_no_notifications() -> None:
    message = stateless("tools/call", name="tool", meta=TOKEN)
    headers = {**modern_headers(message), "accept": "application/json"}
    answered = await post(message, headers=headers, engine=make_engine(tool=Steps(tell(1))))
    assert answered.headers["content-type"] == "application/json; charset=utf-8"
    assert answered.json["result"]["resultType"] == "complete"


async def test_an_answer_within_fifteen_seconds_is_json(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    answered = await call(Steps(wait(KEEP_ALIVE_SECONDS - 1)))
    assert answered.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_later_answer_is_a_stream_that_is_kept_alive(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    answered = await call(Steps(wait(2 * KEEP_ALIVE_SECONDS + 5)))
    assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
    [*comments, result] = answered.events
    assert comments == [": keep-alive", ": keep-alive"]
    assert result["result"]["resultType"] == "complete"


async def test_a_call_that_outlasts_a_second_shows_progress(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    answered = await call(Steps(wait(2.5)), meta=TOKEN)
    messages = [event["params"]["message"] for event in answered.events[:-1]]
    assert messages == ["working, 1 s", "working, 2 s"]


async def test_an_error_after_the_stream_began_is_its_last_event() -> None:
    async def fail(_request: RequestContext) -> None:
        raise RuntimeError

    answered = await call(Steps(tell(1), fail), meta=TOKEN)
    assert (answered.status, answered.events[-1]["error"]["code"]) == (200, -32603)


async def test_a_client_that_leaves_cancels_its_call() -> None:
    leaves, tool = trio.Event(), Steps(forever)
    async with trio.open_nursery() as nursery:
        answered = Answered()
        nursery.start_soon(_call_until, tool, leaves, answered)
        await trio.testing.wait_all_tasks_blocked()
        leaves.set()
    assert (tool.was_cancelled, answered.messages) == (True, [])


async def test_a_client_that_leaves_its_stream_cancels_its_call() -> None:
    leaves, tool = trio.Event(), Steps(tell(1), forever)
    async with trio.open_nursery() as nursery:
        answered = Answered()
        nursery.start_soon(_call_until, tool, leaves, answered)
        await answered.wait_messages(2)
        leaves.set()
    assert (tool.was_cancelled, len(answered.messages)) == (True, 2)


async def _call_until(tool: Steps, leaves: trio.Event, answered: Answered) -> None:
    await call(tool, meta=TOKEN, client_leaves=leaves, answered=answered)


@pytest.mark.parametrize(
    ("steps", "expected"), [((), []), ((tell(1),), ["notifications/progress"])]
)
async def test_a_cancelled_request_ends_without_an_answer(
    steps: tuple[Any, ...], expected: list[str]
) -> None:
    engine = make_engine(tool=Steps(*steps, forever))
    answered = Answered()
    message = handshake("tools/call", request_id=9, name="tool", _meta=TOKEN)
    cancel = {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": 9},
    }

    async def ask() -> None:
        await post(message, engine=engine, answered=answered)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        assert (await post(cancel, engine=engine)).status == 202
    assert answered.messages[-1]["more_body"] is False
    if expected:
        assert [event["method"] for event in answered.events] == expected
    else:
        assert (answered.status, answered.body) == (202, b"")


async def test_line_breaks_between_tokens_do_not_break_an_event() -> None:
    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        await request.progress(1)
        return ToolResult(body=b'{"a":\r\n[1,\n2]}')

    message = stateless("tools/call", name="tool", meta=TOKEN)
    answered = await post_modern(message, engine=make_engine(tool=tool))
    assert answered.events[-1]["result"]["structuredContent"] == {"a": [1, 2]}
