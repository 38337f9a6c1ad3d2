"""Which surfaces are mounted, by what the settings say of tokens and logins."""

import logging
from typing import Any

import httpx
import pytest

from onecgw.settings import ApiSettings, McpSettings, OauthSettings, ServerSettings
from onecgw.web.app import build_app
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, answering, make_engine, open_rig
from tests.builders.oauth_rig import MAY, TABLE

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "sales_report", "arguments": {"period": MAY}},
}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


async def statuses(**settings: Any) -> tuple[int, int]:
    """Of /mcp with its static token, and of a REST route with its."""
    values = {"oauth": OauthSettings(enabled=False)} | settings
    async with open_rig(answering(b"{}"), **values) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            mcp, rest = [
                await http.post(path, json=LIST, headers={"authorization": f"Bearer {token}"})
                for path, token in (("/mcp", MCP_TOKEN), ("/reports/sales", API_TOKEN))
            ]
    return mcp.status_code, rest.status_code


async def test_without_logins_mcp_takes_its_token_and_rest_takes_its_own() -> None:
    assert await statuses() == (200, 400)


@pytest.mark.parametrize(
    ("settings", "expected", "path"),
    [
        ({"mcp": McpSettings()}, (404, 400), "/mcp"),
        ({"api": ApiSettings()}, (200, 404), "REST"),
    ],
)
async def test_a_surface_without_a_token_is_not_mounted_and_the_log_says_so(
    settings: dict[str, Any],
    expected: tuple[int, int],
    path: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    assert await statuses(**settings) == expected
    entries = [
        record.__dict__["fields"]
        for record in caplog.records
        if record.getMessage() == "app.not_mounted"
    ]
    assert [fields["path"] for fields in entries] == [path]
    assert "bearer_token is not set" in entries[0]["reason"]


@pytest.mark.parametrize(
    ("trusted", "ip"), [((), "127.0.0.1"), (("127.0.0.1",), "198.51.100.7")], ids=str
)
async def test_the_record_of_a_call_says_where_it_came_from(
    trusted: tuple[str, ...], ip: str
) -> None:
    server = ServerSettings(host="127.0.0.1", port=0, trusted_proxies=trusted)
    async with open_rig(answering(TABLE), server=server) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            for path, token, message in (
                ("/reports/sales", API_TOKEN, {"period": MAY}),
                ("/mcp", MCP_TOKEN, CALL),
            ):
                headers = {"authorization": f"Bearer {token}", "x-forwarded-for": "198.51.100.7"}
                answer = await http.post(path, json=message, headers=headers)
                assert answer.status_code == 200, answer.text
    entries = [(record.surface, record.sub, record.grant, record.ip) for record in rig.audit]
    assert entries == [("rest", "api", "", ip), ("mcp", "static", "", ip)]
