"""A whole gateway in one process, in front of a 1C whose answers a test writes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext, Surface
from onecgw.backends.http.httpx_transport import HttpxTransport
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.backends.scheduling.answer_cache import AnswerCache
from onecgw.catalogue.json_schema import View
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.gateway.upstream import Sources
from onecgw.mcp.engine import Engine
from onecgw.mcp_content import make_providers
from onecgw.settings import (
    ApiSettings,
    AuditSettings,
    LimitsSettings,
    McpSettings,
    OauthSettings,
    OnecAuthSettings,
    OnecSettings,
    Secret,
    ServerSettings,
    Settings,
)
from onecgw.storage.audit_log import AuditRecord

MCP_TOKEN = "test-mcp-token-0001"
API_TOKEN = "test-api-token-0001"

Answering = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


def make_settings(**changes: Any) -> Settings:
    """Settings of a gateway on loopback with both static tokens."""
    values: dict[str, Any] = {
        "server": ServerSettings(host="127.0.0.1", port=0),
        "onec": OnecSettings(
            base_url="http://1c.test/trade/hs",
            auth=OnecAuthSettings(username="Шлюз", password=Secret("пароль")),
        ),
        "mcp": McpSettings(bearer_token=Secret(MCP_TOKEN)),
        "api": ApiSettings(bearer_token=Secret(API_TOKEN)),
        "oauth": OauthSettings(enabled=False),
        "audit": AuditSettings(retention_days=0),
    }
    return Settings(**(values | changes))


def view_of(scopes: frozenset[str]) -> View:
    """What callers with these scopes see under default limits."""
    return Catalogue(ALL, LimitsSettings()).view(scopes)


@attrs.define(kw_only=True)
class Onec:
    """A 1C that answers what a test says, and keeps the requests."""

    answer: Answering
    requests: list[httpx.Request] = attrs.field(factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answer(request)
        return answer if isinstance(answer, httpx.Response) else await answer


def answering(body: bytes, status: int = 200) -> Answering:
    """A 1C that always answers the same."""
    headers = {"content-type": "application/json"}
    return lambda _: httpx.Response(status, stream=httpx.ByteStream(body), headers=headers)


@attrs.frozen(kw_only=True)
class Rig:
    """A gateway, the 1C behind it, and its audit."""

    settings: Settings
    gateway: Gateway
    onec: Onec
    audit: list[AuditRecord]

    async def call(
        self,
        tool: str,
        arguments: bytes,
        *,
        surface: Surface = "mcp",
        scopes: frozenset[str] = frozenset(ALL_SCOPES),
        **options: Any,
    ) -> bytes:
        """The body of a call's answer."""
        call = ToolCall(
            context=CallContext(
                caller=Caller(sub="tester", scopes=scopes, client="tests"),
                request_id="r-1",
                surface=surface,
            ),
            tool=tool,
            arguments=arguments,
        )
        return (await self.gateway.call(call, **options)).body


def make_engine(gateway: Gateway) -> Engine:
    """The protocol engine with what production mounts."""
    return Engine(make_providers(gateway))


def make_cache(ttl_seconds: int) -> AnswerCache:
    """A cache of a size that no test fills."""
    return AnswerCache(ttl_seconds=ttl_seconds, max_entries=100, max_bytes=10**6)


@asynccontextmanager
async def open_rig(answer: Answering, **changes: Any) -> AsyncIterator[Rig]:
    """A gateway in front of a scripted 1C."""
    settings = make_settings(**changes)
    onec = Onec(answer=answer)
    audit: list[AuditRecord] = []
    backend = HttpServiceBackend(
        settings.onec,
        max_response_bytes=settings.limits.max_response_bytes,
        transport=HttpxTransport(settings.onec, httpx.MockTransport(onec)),
    )
    gateway = Gateway(
        catalogue=Catalogue(ALL, settings.limits),
        sources=Sources(
            backend=backend,
            resolver_cache=make_cache(settings.onec.resolve_cache_ttl_sec),
            balance_cache=make_cache(settings.onec.balance_cache_ttl_sec),
        ),
        onec=settings.onec,
        audit=audit.append,
    )
    try:
        yield Rig(settings=settings, gateway=gateway, onec=onec, audit=audit)
    finally:
        await backend.aclose()
