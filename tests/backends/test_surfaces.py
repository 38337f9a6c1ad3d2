"""What a caller sees of each recorded failure of 1C, over REST and over MCP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio

from onecgw.backends.http import client as client_module
from onecgw.web.app import build_app
from tests.backends.test_failures import EXPECTED, Seen
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, Rig, make_engine, open_rig
from tests.builders.onec_client import recorded

MAY = {"from": "2026-05-01", "to": "2026-05-31"}
PRIVATE = (
    "<",
    "Модуль(",
    "Module(",
    "#exception",
    "by reason",
    "corp.local",
    "srv-1c",
    "10.0.0.15",
    "192.168",
    "inetpub",
    "1cv8",
    "q1w2e3",
    "UEsDB",
    "iVBOR",
)


@pytest.fixture(autouse=True)
def _no_pause_before_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LOCKED_PAUSE_SECONDS", (0.0, 0.0))


@asynccontextmanager
async def _surfaces(answer: bytes, token: str) -> AsyncIterator[tuple[httpx.AsyncClient, Rig]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]

    def play(_: httpx.Request) -> httpx.Response:
        return httpx.Response(int(first[9:12]), headers=headers, stream=httpx.ByteStream(body))  # type: ignore[arg-type] # pairs

    async with open_rig(play) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        transport = httpx.ASGITransport(app)
        bearer = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=bearer
        ) as client:
            with trio.fail_after(5):
                yield client, rig


@pytest.mark.parametrize(("name", "seen"), EXPECTED.items(), ids=EXPECTED)
async def test_rest_returns_class_text_status_and_retry_after(name: str, seen: Seen) -> None:
    async with _surfaces(recorded(name), API_TOKEN) as (client, rig):
        response = await client.post("/reports/sales", json={"period": MAY})
        attempts = len(rig.onec.requests)
    assert response.json() == {
        "error": "onec_error",
        "code": seen.code,
        "message": seen.message,
        "request_id": response.headers["x-request-id"],
    }
    retry_after = response.headers.get("retry-after")
    assert (
        Seen(
            code=response.json()["code"],
            http_status=response.status_code,
            message=response.json()["message"],
            retry_after_seconds=None if retry_after is None else int(retry_after),
            attempts=attempts,
        )
        == seen
    )
    assert [word for word in PRIVATE if word in response.text] == []


@pytest.mark.parametrize(("name", "seen"), EXPECTED.items(), ids=EXPECTED)
async def test_mcp_returns_class_and_text_as_an_error_of_the_tool(name: str, seen: Seen) -> None:
    question = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "sales_report", "arguments": {"period": MAY}},
    }
    async with _surfaces(recorded(name), MCP_TOKEN) as (client, _):
        response = await client.post("/mcp", json=question)
    result = response.json()["result"]
    assert response.status_code == 200
    assert result["isError"] is True
    [content] = result["content"]
    seconds = seen.retry_after_seconds
    again = "" if seconds is None else f" (try again in {seconds} s)"
    assert content["text"] == f"{seen.code}: {seen.message}{again}"
    assert [word for word in PRIVATE if word in response.text] == []
