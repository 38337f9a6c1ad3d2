"""The clients that people use, over the whole list and one answer of every tool.

They are skipped where they are not installed. `docs/explanation/clients.md` says how to run them
and what was found.
"""

import asyncio
import gc
import json
import logging
import subprocess
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL
from tests.builders.gateway_rig import MCP_TOKEN
from tests.catalogue_truth import TRUTH
from tests.clients.gateway import LONG_NUMBER

TYPESCRIPT = Path(__file__).parent / "typescript"
CLIENT_SECONDS = 120
HEADERS = {"Authorization": f"Bearer {MCP_TOKEN}"}

Value = TypeVar("Value")

pytestmark = pytest.mark.filterwarnings("default")  # of the clients' own dependencies


def run(work: Callable[[], Awaitable[Value]]) -> Value:
    """What a client on asyncio comes to."""

    async def bounded() -> Value:
        return await asyncio.wait_for(work(), CLIENT_SECONDS)

    # Some clients leave their sockets to the garbage collector; a later test must not be blamed.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return asyncio.run(bounded())
        finally:
            gc.collect()


def strict_arguments(tool: Tool) -> dict[str, Any]:
    """What a client of a strict mode sends: null for all that it leaves out."""
    nulls = {field.name: None for field in fields_of(tool.request) if not field.is_required}
    least = dict(TRUTH[tool.name].least)
    return {**nulls, **least}


def plain(value: Any) -> Any:
    """What a client rebuilt, as JSON has it."""
    if hasattr(value, "model_dump"):
        return {name: plain(inner) for name, inner in dict(value).items()}
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return value


def test_fastmcp_rebuilds_every_answer_whole(
    gateway_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    fastmcp = pytest.importorskip("fastmcp")

    async def work() -> dict[str, tuple[Any, Any]]:
        async with fastmcp.Client(gateway_url, auth=MCP_TOKEN) as client:
            await client.list_tools()
            found = {}
            for tool in ALL:
                result = await client.call_tool(tool.name, strict_arguments(tool))
                found[tool.name] = (plain(result.data), result.structured_content)
            return found

    with caplog.at_level(logging.ERROR):
        found = run(work)

    assert caplog.records == []
    for name, (rebuilt, sent) in found.items():
        assert rebuilt is not None, name
        assert {member: rebuilt[member] for member in sent} == sent, name
        assert all(rebuilt[member] is None for member in rebuilt if member not in sent), name


def test_google_genai_takes_the_whole_list(gateway_url: str) -> None:
    bridge = pytest.importorskip("google.genai._mcp_utils")

    tools = run(lambda: _listed(gateway_url))
    [*declared] = [
        one for tool in bridge.mcp_to_gemini_tools(tools) for one in tool.function_declarations
    ]

    assert [one.name for one in declared] == [tool.name for tool in ALL]
    assert all(one.parameters.properties for one in declared)


def test_openai_agents_in_strict_mode_call_every_tool(gateway_url: str) -> None:
    agents = pytest.importorskip("agents.mcp")

    async def work() -> dict[str, tuple[bool, Any]]:
        params = {"url": gateway_url, "headers": HEADERS}
        async with agents.MCPServerStreamableHttp(params) as server:
            found = {}
            for listed in await server.list_tools():
                made = agents.MCPUtil.to_function_tool(listed, server, True)
                tool = next(one for one in ALL if one.name == listed.name)
                result = await server.call_tool(listed.name, strict_arguments(tool))
                found[listed.name] = (made.strict_json_schema, result)
            return found

    found = run(work)

    assert list(found) == [tool.name for tool in ALL]
    for name, (is_strict, result) in found.items():
        assert is_strict, name
        assert not getattr(result, "is_error", getattr(result, "isError", None)), (name, result)


def test_pydantic_ai_calls_every_tool(gateway_url: str) -> None:
    toolset = pytest.importorskip("pydantic_ai.mcp").MCPToolset

    async def work() -> list[str]:
        async with toolset(gateway_url, headers=HEADERS) as tools:
            names = [one.name for one in await tools.list_tools()]
            for tool in ALL:
                assert await tools.direct_call_tool(tool.name, strict_arguments(tool))
            return names

    assert run(work) == [tool.name for tool in ALL]


def test_langchain_calls_every_tool(gateway_url: str) -> None:
    adapters = pytest.importorskip("langchain_mcp_adapters.client", exc_type=ImportError)
    connection = {"transport": "streamable_http", "url": gateway_url, "headers": HEADERS}

    async def work() -> list[str]:
        tools = await adapters.MultiServerMCPClient({"onec": connection}).get_tools()
        for listed in tools:
            tool = next(one for one in ALL if one.name == listed.name)
            assert await listed.ainvoke(strict_arguments(tool))
        return [one.name for one in tools]

    assert run(work) == [tool.name for tool in ALL]


def test_anthropic_calls_every_tool(gateway_url: str) -> None:
    helpers = pytest.importorskip("anthropic.lib.tools.mcp")

    async def work() -> list[str]:
        async with _session(gateway_url) as session:
            names = []
            for listed in (await session.list_tools()).tools:
                made = helpers.async_mcp_tool(listed, session)
                tool = next(one for one in ALL if one.name == listed.name)
                assert await made.call(strict_arguments(tool))
                names.append(made.to_dict()["name"])
            return names

    assert run(work) == [tool.name for tool in ALL]


def test_the_official_python_client_keeps_long_numbers_in_text_and_takes_large_answers(
    gateway_url: str,
) -> None:
    async def work() -> tuple[Any, Any]:
        async with _session(gateway_url) as session:
            sales = {"period": {"from": "2026-05-01", "to": "2026-05-31"}, "group_by": ["customer"]}
            one = await session.call_tool("sales_report", sales)
            many = await session.call_tool("sales_report", {**sales, "top": 5000})
            return one, many

    one, many = run(work)

    assert LONG_NUMBER in one.content[0].text
    assert "Numbers of more than 15 digits" in one.structured_content["notice"]
    assert many.structured_content["rows_returned"] == 2_000


def test_the_official_typescript_client_calls_every_tool(gateway_url: str) -> None:
    if not (TYPESCRIPT / "node_modules").is_dir():
        pytest.skip("npm install --prefix tests/clients/typescript was not run")
    calls = {tool.name: strict_arguments(tool) for tool in ALL}

    result = subprocess.run(  # noqa: S603 - our own program
        ["node", "client.mjs", gateway_url, MCP_TOKEN],  # noqa: S607 - the one of the system
        cwd=TYPESCRIPT,
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    answers = json.loads(result.stdout)
    assert list(answers) == [tool.name for tool in ALL]
    assert [name for name, answer in answers.items() if answer["error"]] == []
    assert LONG_NUMBER in answers["sales_report"]["text"]
    assert "12345678901234568" in json.dumps(
        answers["sales_report"]["rows"]
    )  # rounded, as the notice says
    assert "JavaScript clients round them" in answers["sales_report"]["notice"]


def _session(url: str) -> Any:
    """The official Python client."""
    mcp = pytest.importorskip("mcp")
    transport = pytest.importorskip("mcp.client.streamable_http")
    http = pytest.importorskip("httpx2")
    client = http.AsyncClient(headers=HEADERS, timeout=CLIENT_SECONDS)
    return mcp.Client(transport.streamable_http_client(url, http_client=client))


async def _listed(url: str) -> list[Any]:
    async with _session(url) as session:
        return list((await session.list_tools()).tools)
