"""A tool called over each surface of the whole application, in front of a scripted 1C."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

import attrs
import httpx
import msgspec
import trio

from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.tools import BY_NAME
from onecgw.settings import ApiSettings, LimitsSettings, McpSettings, Secret
from onecgw.web.app import build_app
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, Answering, Rig, make_engine, open_rig
from tests.builders.mcp_engine import stateless

Surface = Literal["rest", "legacy", "modern"]
SURFACES: Final[tuple[Surface, ...]] = ("rest", "legacy", "modern")  # MCP has two: one for each era
TEST_SECONDS: Final = 30


@attrs.frozen(kw_only=True)
class Surfaces:
    """The application as its callers reach it."""

    client: httpx.AsyncClient
    rig: Rig

    async def post(
        self,
        surface: Surface,
        tool: str,
        arguments: object,
        *,
        headers: Mapping[str, str] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """The answer to a call. arguments: JSON as a value, or as its bytes."""
        raw = arguments if isinstance(arguments, bytes) else msgspec.json.encode(arguments)
        json_type = {"content-type": "application/json", **(headers or {})}
        if surface == "rest":
            token = {"authorization": f"Bearer {API_TOKEN}"}
            path = BY_NAME[tool].rest_path
            return await self.client.post(path, content=raw, headers=json_type | token)
        token = {"authorization": f"Bearer {MCP_TOKEN}"}
        message = stateless("tools/call", meta=meta, name=tool, arguments=msgspec.Raw(raw))
        version = message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
        mirror = {
            "mcp-protocol-version": version,
            "mcp-method": "tools/call",
            "mcp-name": tool,
        }
        if surface == "legacy":
            message["params"]["_meta"] = dict(meta or {})
            mirror = {}
        return await self.client.post(
            "/mcp", content=msgspec.json.encode(message), headers=json_type | token | mirror
        )


@asynccontextmanager
async def open_surfaces(
    answer: Answering, *, scopes: tuple[str, ...] = ALL_SCOPES, **changes: Any
) -> AsyncIterator[Surfaces]:
    """REST and MCP, both with these scopes, and no limit on the number of calls."""
    settings: dict[str, Any] = {
        "mcp": McpSettings(bearer_token=Secret(MCP_TOKEN), scopes=scopes),
        "api": ApiSettings(bearer_token=Secret(API_TOKEN), scopes=scopes),
        "limits": LimitsSettings(calls_per_minute=0),
    }
    with trio.fail_after(TEST_SECONDS):
        async with open_rig(answer, **(settings | changes)) as rig:
            app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                yield Surfaces(client=client, rig=rig)
