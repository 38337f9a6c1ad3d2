"""The official Python SDK over real sockets: three modes, HTTP/1.1 and HTTP/2."""

import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import mcp_types as types
import pytest
import trio
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from tests.conformance.server import running_fixtures

TOKEN = "sdk-test-token-0001"
TEST_SECONDS = 30
# The SDK leaves the generators of a finished event stream to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")
MODES = ["2026-07-28", "auto", "legacy"]


@pytest.fixture(autouse=True)
def _garbage_of_one_test_stays_there() -> Iterator[None]:
    yield
    gc.collect()


@asynccontextmanager
async def connected(
    mode: Any, *, http2: bool = False, token: str = TOKEN, **options: Any
) -> AsyncIterator[Client]:
    """A client of the SDK at the fixture server."""
    headers = {"authorization": f"Bearer {token}"}
    with trio.fail_after(TEST_SECONDS):
        async with (
            running_fixtures(token=TOKEN) as url,
            httpx2.AsyncClient(headers=headers, http1=not http2, http2=http2) as http_client,
            Client(
                streamable_http_client(url, http_client=http_client), mode=mode, **options
            ) as client,
        ):
            yield client


async def accept(_context: Any, _params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "Olena", "color": "blue"})


def text_of(result: Any) -> str:
    text: str = result.content[0].text
    return text


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
@pytest.mark.parametrize("mode", MODES)
async def test_everything_is_listed_and_called(mode: str, http2: bool) -> None:
    async with connected(mode, http2=http2) as client:
        tools = (await client.list_tools()).tools
        assert {"test_simple_text", "test_structured_content"} <= {tool.name for tool in tools}
        result = await client.call_tool("test_structured_content", {})
        assert result.structured_content == {
            "amount": pytest.approx(12345678901234567890.1),
            "label": "Київ «№1»",
        }
        assert '"amount":12345678901234567890.10' in text_of(result)
        prompt = await client.get_prompt("test_prompt_with_arguments", {"arg1": "a", "arg2": "b"})
        assert prompt.messages[0].role == "user"
        read = await client.read_resource("test://template/7/data")
        assert read.contents[0].uri == "test://template/7/data"
        reference = types.PromptReference(type="ref/prompt", name="test_simple_prompt")
        completed = await client.complete(reference, {"name": "arg", "value": "par"})
        assert completed.completion.values == ["paris", "park", "party"]


@pytest.mark.parametrize("mode", MODES)
async def test_progress_arrives_while_the_tool_runs(mode: str) -> None:
    seen: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert message is None
        seen.append((progress, total))

    async with connected(mode) as client:
        await client.call_tool("test_tool_with_progress", {}, progress_callback=note)
    assert seen == [(0, 100), (50, 100), (100, 100)]


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
@pytest.mark.parametrize("mode", MODES)
async def test_a_person_is_asked_in_either_era(mode: str, http2: bool) -> None:
    async with connected(mode, http2=http2, elicitation_callback=accept) as client:
        name = await client.call_tool("test_input_required_result_elicitation", {})
        assert text_of(name) == "Hello, Olena!"
        both = await client.call_tool("test_input_required_result_multi_round", {})
        assert text_of(both) == "Both steps are done."


@pytest.mark.parametrize("mode", MODES)
async def test_failures_come_as_results_and_unknown_tools_as_errors(mode: str) -> None:
    async with connected(mode) as client:
        failed = await client.call_tool("test_error_handling", {})
        assert failed.is_error
        assert text_of(failed) == (
            "invalid_request: This tool intentionally returns an error for testing"
        )
        with pytest.raises(MCPError) as caught:
            await client.call_tool("no_such_tool", {})
        assert caught.value.error.code == -32602


async def test_the_legacy_era_pings_and_sets_the_log_level() -> None:
    logged: list[Any] = []

    async def note(params: types.LoggingMessageNotificationParams) -> None:
        logged.append((params.level, params.data))

    async with connected("legacy", logging_callback=note) as client:
        with warnings.catch_warnings(action="ignore"):  # the SDK has deprecated both
            await client.send_ping()
            await client.set_logging_level("info")
        await client.call_tool("test_tool_with_logging", {})
    assert logged == [
        ("info", "Tool execution started"),
        ("info", "Tool processing data"),
        ("info", "Tool execution completed"),
    ]


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
async def test_changes_are_sent_on_a_listen_stream(http2: bool) -> None:
    async with (
        connected("2026-07-28", http2=http2) as client,
        client.listen(tools_list_changed=True) as subscription,
    ):
        assert subscription.honored.tools_list_changed
        await client.call_tool("test_trigger_prompt_change", {})
        await client.call_tool("test_trigger_tool_change", {})
        event = await anext(subscription)
        assert type(event).__name__ == "ToolsListChanged"


async def test_a_wrong_token_is_turned_away() -> None:
    with pytest.RaisesGroup(
        pytest.RaisesExc(MCPError), allow_unwrapped=True, flatten_subgroups=True
    ):
        async with connected("legacy", token="wrong") as client:
            await client.list_tools()
