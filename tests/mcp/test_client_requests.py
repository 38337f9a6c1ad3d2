import time
from collections.abc import Mapping
from typing import Any

import pytest
import trio
import trio.testing

from onecgw.mcp import input_required, requests_in_flight
from onecgw.mcp.client_requests import InputRequest, elicitation
from onecgw.mcp.engine import Engine
from onecgw.mcp.providers import Completion, Providers
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from tests.builders.client_requests import roots, sampling
from tests.builders.mcp_engine import (
    BOB,
    INFO,
    META,
    Recorder,
    ask,
    handshake,
    make_engine,
    send,
    stateless,
)

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}
NAME = elicitation("Your name?", SCHEMA)
NAME_REQUEST = {
    "method": "elicitation/create",
    "params": {"mode": "form", "message": "Your name?", "requestedSchema": SCHEMA},
}
OFFERS: dict[str, Any] = {
    f"{META}clientCapabilities": {"elicitation": {}, "sampling": {}, "roots": {}}
}
ACCEPTED = {"action": "accept", "content": {"name": "Olena"}}


def asking(*steps: Mapping[str, InputRequest]) -> Any:
    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        answers: dict[str, Any] = {}
        for step in steps:
            answers |= await request.request_input(step)
        return ToolResult(text=repr(sorted(answers.items())))

    return make_engine(tool=tool)


def call(*, meta: Any = OFFERS, **params: Any) -> dict[str, Any]:
    return stateless(
        "tools/call", name="tool", meta=meta, **{"arguments": {"a": 1, "b": 2}, **params}
    )


async def test_the_stateless_era_asks_by_ending_the_call() -> None:
    engine = asking({"who": NAME})
    first = (await ask(engine, call()))["result"]
    state = first.pop("requestState")
    assert first.pop("_meta")
    assert first == {"resultType": "input_required", "inputRequests": {"who": NAME_REQUEST}}
    again = call(inputResponses={"who": ACCEPTED}, requestState=state)
    last = (await ask(engine, again))["result"]
    assert last["resultType"] == "complete"
    assert last["content"][0]["text"] == repr([("who", ACCEPTED)])


async def test_earlier_answers_travel_in_the_state() -> None:
    engine = asking({"one": NAME}, {"two": roots()})
    first = (await ask(engine, call()))["result"]
    second = (
        await ask(
            engine, call(inputResponses={"one": ACCEPTED}, requestState=first["requestState"])
        )
    )["result"]
    assert second["inputRequests"] == {"two": {"method": "roots/list", "params": {}}}
    assert second["requestState"] != first["requestState"]
    third = call(inputResponses={"two": {"roots": []}}, requestState=second["requestState"])
    text = (await ask(engine, third))["result"]["content"][0]["text"]
    assert text == repr([("one", ACCEPTED), ("two", {"roots": []})])


@pytest.mark.parametrize(
    "responses",
    [
        {"other": ACCEPTED},
        {"who": 12345},
        {"who": {"action": "maybe"}},
        {"who": {"action": "accept"}},
    ],
)
async def test_what_is_no_answer_is_requested_again(responses: Any) -> None:
    answer = await ask(asking({"who": NAME}), call(inputResponses=responses))
    assert answer["result"]["resultType"] == "input_required"


async def test_answers_without_a_request_are_ignored() -> None:
    answer = await ask(
        asking({"who": NAME}), call(inputResponses={"who": ACCEPTED, "extra": {"a": 1}})
    )
    assert answer["result"]["content"][0]["text"] == repr([("who", ACCEPTED)])


async def test_responses_must_be_an_object() -> None:
    answer = await ask(asking({"who": NAME}), call(inputResponses=[]))
    assert answer["error"]["code"] == -32602


async def state_of(engine: Any) -> str:
    state: str = (await ask(engine, call()))["result"]["requestState"]
    return state


async def test_the_order_of_arguments_does_not_matter_to_the_state() -> None:
    engine = asking({"who": NAME})
    again = call(
        arguments={"b": 2, "a": 1},
        inputResponses={"who": ACCEPTED},
        requestState=await state_of(engine),
    )
    assert "result" in await ask(engine, again)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"requestState": "nonsense"}, "requestState is not one of ours"),
        ({"arguments": {"a": 1}}, "requestState belongs to another call"),
    ],
)
async def test_a_state_is_of_one_call(change: dict[str, Any], said: str) -> None:
    engine = asking({"who": NAME})
    again = {"inputResponses": {"who": ACCEPTED}, "requestState": await state_of(engine)} | change
    answer = await ask(engine, call(**again))
    assert answer["error"] == {"code": -32602, "message": said}


async def test_a_state_is_of_one_caller() -> None:
    engine = asking({"who": NAME})
    again = call(inputResponses={"who": ACCEPTED}, requestState=await state_of(engine))
    answer = await ask(engine, again, caller=BOB)
    assert answer["error"]["message"] == "requestState belongs to another call"


async def test_a_state_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = asking({"who": NAME})
    again = call(inputResponses={"who": ACCEPTED}, requestState=await state_of(engine))
    later = time.time() + input_required.STATE_SECONDS + 1
    monkeypatch.setattr("onecgw.mcp.input_required.time.time", lambda: later)
    answer = await ask(engine, again)
    assert answer["error"]["message"] == "requestState has expired; make the call anew"


async def test_only_the_methods_that_may_ask_can_ask() -> None:
    class Curious:
        async def complete(
            self, reference: Any, *, argument: str, value: str, known: Any, request: RequestContext
        ) -> Completion:
            del reference, argument, value, known
            await request.request_input({"who": NAME})
            return Completion(values=())

    engine = Engine(Providers(info=INFO, completions=Curious()))
    argument = {"name": "a", "value": "b"}
    message = stateless("completion/complete", ref={}, argument=argument, meta=OFFERS)
    assert (await ask(engine, message))["error"]["code"] == -32603


async def test_a_client_without_the_capability_gets_no_request() -> None:
    questions = {"who": NAME, "what": sampling("Hi", max_tokens=9)}
    answer = await ask(asking(questions), call(meta=None))
    assert (answer["error"]["code"], answer["error"]["data"]) == (
        -32021,
        {"requiredCapabilities": {"elicitation": {}, "sampling": {}}},
    )


async def test_the_handshake_era_reads_of_a_lacking_capability_in_the_result() -> None:
    answer = await ask(asking({"who": NAME}), handshake("tools/call", name="tool"))
    assert answer["result"]["isError"] is True
    assert "elicitation" in answer["result"]["content"][0]["text"]


async def open_session(engine: Any) -> str:
    hello = handshake(
        "initialize", protocolVersion="2025-11-25", capabilities={"elicitation": {}, "roots": {}}
    )
    return (await send(engine, hello)).session_id


async def answer_legacy(
    engine: Any, reply: Any, *, can_stream: bool = True, **incoming: Any
) -> tuple[Any, Recorder]:
    """The result of a handshake call whose questions the client answers with `reply`."""
    session_id = await open_session(engine)

    async def respond(request: Any) -> None:
        response = {"jsonrpc": "2.0", "id": request["id"], **reply}
        assert await ask(engine, response, session_id=session_id, **incoming) is None

    channel = Recorder(can_stream=can_stream, on_send=respond)
    message = handshake("tools/call", name="tool")
    answer = await ask(engine, message, session_id=session_id, channel=channel)
    return answer["result"], channel


async def test_the_handshake_era_asks_on_the_stream_and_waits() -> None:
    result, channel = await answer_legacy(asking({"who": NAME}), {"result": ACCEPTED})
    assert result["content"][0]["text"] == repr([("who", ACCEPTED)])
    [request] = channel.sent
    assert request.pop("id").startswith("onecgw-")
    assert request == {"jsonrpc": "2.0", **NAME_REQUEST}


@pytest.mark.parametrize(
    "reply", [{"error": {"code": -1, "message": "no"}}, {"result": {"action": "?"}}]
)
async def test_a_refusal_of_the_client_reaches_the_model(reply: Any) -> None:
    result, _ = await answer_legacy(asking({"who": NAME}), reply)
    assert result["isError"] is True
    assert result["content"][0]["text"] == (
        "invalid_request: the client did not answer elicitation/create"
    )


async def test_without_a_stream_no_request_reaches_the_client() -> None:
    result, _ = await answer_legacy(asking({"who": NAME}), {"result": ACCEPTED}, can_stream=False)
    assert result["isError"] is True


async def test_another_caller_cannot_answer(autojump_clock: trio.testing.MockClock) -> None:
    del autojump_clock
    began = trio.current_time()
    result, _ = await answer_legacy(asking({"who": NAME}), {"result": ACCEPTED}, caller=BOB)
    assert result["isError"] is True
    assert trio.current_time() - began == requests_in_flight.RESPONSE_SECONDS
