from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

from onecgw.auth.caller import Caller
from onecgw.mcp.engine import Engine
from onecgw.mcp.results import SUBSCRIPTION_ID
from onecgw.mcp.subscriptions import MAX_SUBSCRIPTIONS_PER_CALLER
from tests.builders.mcp_engine import ALICE, BOB, Recorder, ask, make_engine, stateless
from tests.conformance.fixtures import make_fixtures

EVERYTHING = {
    "toolsListChanged": True,
    "promptsListChanged": True,
    "resourcesListChanged": True,
    "resourceSubscriptions": ["onec://a"],
}


def notification(method: str, request_id: Any = 1, **params: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "method": f"notifications/{method}",
        "params": {**params, "_meta": {SUBSCRIPTION_ID: request_id}},
    }


@asynccontextmanager
async def listening(
    engine: Engine, wanted: Any, *, request_id: Any = 1, caller: Caller = ALICE
) -> AsyncIterator[tuple[Recorder, list[Any]]]:
    """An open stream; what is sent on it, and its answer once it ends."""
    channel, answers = Recorder(), list[Any]()

    async def listen() -> None:
        message = stateless("subscriptions/listen", request_id=request_id, notifications=wanted)
        answers.append(await ask(engine, message, channel=channel, caller=caller))

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            await trio.testing.wait_all_tasks_blocked()
            yield channel, answers
            nursery.cancel_scope.cancel()


def fixture_engine() -> Engine:
    engine = make_engine()
    return Engine(make_fixtures(engine.subscriptions), subscriptions=engine.subscriptions)


async def test_a_stream_begins_with_what_is_honoured_and_ends_with_a_result() -> None:
    engine = fixture_engine()
    async with listening(engine, EVERYTHING, request_id="s") as (channel, answers):
        engine.subscriptions.notify_lists_changed("tools")
        engine.subscriptions.notify_lists_changed("tools")
        engine.subscriptions.notify_resource_updated("onec://a")
        engine.subscriptions.notify_resource_updated("onec://b")
        engine.subscriptions.close()
        await trio.testing.wait_all_tasks_blocked()
    assert channel.sent == [
        notification("subscriptions/acknowledged", "s", notifications=EVERYTHING),
        notification("tools/list_changed", "s"),
        notification("resources/updated", "s", uri="onec://a"),
    ]
    [answer] = answers
    assert (answer["id"], answer["result"]["resultType"]) == ("s", "complete")
    assert answer["result"]["_meta"][SUBSCRIPTION_ID] == "s"


async def test_only_what_is_offered_is_honoured() -> None:
    async with listening(make_engine(), EVERYTHING) as (channel, _):
        pass
    assert channel.sent == [
        notification("subscriptions/acknowledged", notifications={"toolsListChanged": True})
    ]


async def test_only_the_requested_changes_are_sent() -> None:
    engine = fixture_engine()
    async with listening(engine, {"promptsListChanged": True}) as (channel, _):
        engine.subscriptions.notify_lists_changed("tools")
        engine.subscriptions.notify_lists_changed("prompts")
        await trio.testing.wait_all_tasks_blocked()
    assert channel.sent[1:] == [notification("prompts/list_changed")]


async def test_a_caller_has_a_bounded_number_of_streams() -> None:
    engine = make_engine()
    wanted = {"toolsListChanged": True}
    message = stateless("subscriptions/listen", notifications=wanted)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for _ in range(MAX_SUBSCRIPTIONS_PER_CALLER):
                nursery.start_soon(ask, engine, message)
            await trio.testing.wait_all_tasks_blocked()
            assert (await ask(engine, message))["error"]["code"] == -32602
            async with listening(engine, wanted, caller=BOB) as (channel, _):
                assert len(channel.sent) == 1
            nursery.cancel_scope.cancel()
    async with listening(engine, wanted) as (channel, _):
        assert len(channel.sent) == 1


async def test_a_stream_that_is_opened_during_shutdown_ends_at_once() -> None:
    engine = make_engine()
    engine.subscriptions.close()
    with trio.fail_after(5):
        answer = await ask(engine, stateless("subscriptions/listen", notifications={}))
    assert answer["result"]["resultType"] == "complete"


async def test_a_stream_needs_a_channel_that_can_stream() -> None:
    message = stateless("subscriptions/listen", notifications={})
    answer = await ask(make_engine(), message, channel=Recorder(can_stream=False))
    assert answer["error"]["code"] == -32600


async def test_a_stream_needs_a_filter_of_bounded_size() -> None:
    engine = fixture_engine()
    many = {"resourceSubscriptions": [f"onec://{number}" for number in range(101)]}
    for params in ({}, {"notifications": many}):
        answer = await ask(engine, stateless("subscriptions/listen", **params))
        assert answer["error"]["code"] == -32602
