"""The whole URL map on one screen."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from quart import Response as QuartResponse
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from onecgw.auth.caller import Caller
from onecgw.gateway.service import Gateway
from onecgw.mcp.engine import Engine
from onecgw.settings import Settings
from onecgw.web import openapi
from onecgw.web.asgi import new_request_id
from onecgw.web.bearer import StaticBearer
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.endpoint import ToolEndpoint
from onecgw.web.host_policy import make_host_policy
from onecgw.web.mcp import McpHandler
from onecgw.web.oauth.site import OauthSite
from onecgw.web.openapi import OpenapiEndpoint
from onecgw.web.readiness import Readiness, readiness_response
from onecgw.web.rest import RestHandler
from onecgw.web.router import Endpoint, Front

log = logging.getLogger(__name__)

STATIC_SUB = "static"  # the caller behind mcp.bearer_token
REST_SUB = "api"  # the caller behind api.bearer_token


async def _all_is_well() -> Readiness:
    return Readiness()


def build_app(
    settings: Settings,
    gateway: Gateway,
    engine: Engine,
    *,
    site: OauthSite | None = None,
    look: Callable[[], Awaitable[Readiness]] = _all_is_well,
) -> QuartTrio:
    """The ASGI application: machine surfaces in front, Quart for everything else.

    Args:
        settings: the whole configuration.
        gateway: answers REST.
        engine: answers MCP.
        site: the authorization server; None: /mcp has a static token.
        look: whether calls can be answered.
    """
    app = QuartTrio("onecgw")

    @app.get("/health")
    async def health() -> QuartResponse:
        return QuartResponse('{"status":"ok"}', content_type="application/json")

    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> QuartResponse:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        code = status.phrase.lower().replace(" ", "_")
        body = msgspec.json.encode(
            {"error": code, "message": status.phrase, "request_id": new_request_id()}
        )
        response = QuartResponse(body, status=status, content_type="application/json")
        if allowed := dict(error.get_headers()).get("Allow"):
            response.headers["Allow"] = allowed
        return response

    @app.get("/readyz")
    async def ready() -> QuartResponse:
        response = readiness_response(await look())
        return QuartResponse(response.body, status=response.status, content_type="application/json")

    endpoints: dict[str, Endpoint] = {
        **_mcp_endpoints(settings, engine, site),
        **_rest_endpoints(settings, gateway),
    }
    unguarded: dict[str, Endpoint] = {**site.programs, **site.pages} if site else {}
    for path in (*endpoints, *unguarded):
        log.debug("app.mounted", extra={"fields": {"path": path}})
    # Wrapping asgi_app is Quart's documented way in; its types know only its own ASGI dicts.
    quart: Any = app.asgi_app
    front: Any = Front(
        hosts=make_host_policy(settings.server, settings.issuer),
        endpoints=endpoints,
        unguarded=unguarded,
        everything_else=quart,
    )
    app.asgi_app = front  # type: ignore[method-assign]
    return app


def _mcp_endpoints(
    settings: Settings, engine: Engine, site: OauthSite | None
) -> dict[str, Endpoint]:
    token = settings.mcp.bearer_token
    if settings.mcp.enabled and site is not None:
        if token is not None:
            reason = "people log in: oauth.enabled is true"
            log.warning(
                "app.ignored", extra={"fields": {"key": "mcp.bearer_token", "reason": reason}}
            )
        guarded = ToolEndpoint(
            handler=McpHandler(engine=engine, challenge=site.bearer.challenge_scope),
            surface="mcp",
            authenticate=site.bearer,
            max_request_bytes=settings.limits.max_request_bytes,
        )
        return {"/mcp": guarded, "/mcp/": guarded}
    if not settings.mcp.enabled or token is None:
        reason = "mcp.bearer_token is not set" if settings.mcp.enabled else "mcp.enabled is false"
        log.warning("app.not_mounted", extra={"fields": {"path": "/mcp", "reason": reason}})
        return {}
    endpoint = ToolEndpoint(
        handler=McpHandler(engine=engine),
        surface="mcp",
        authenticate=StaticBearer(
            token,
            Caller(sub=STATIC_SUB, scopes=frozenset(settings.mcp.scopes)),
            ClientAddresses(settings.server.trusted_proxies),
        ),
        max_request_bytes=settings.limits.max_request_bytes,
    )
    return {"/mcp": endpoint, "/mcp/": endpoint}


def _rest_endpoints(settings: Settings, gateway: Gateway) -> dict[str, Endpoint]:
    token = settings.api.bearer_token
    if token is None:
        reason = "api.bearer_token is not set"
        log.info("app.not_mounted", extra={"fields": {"path": "REST", "reason": reason}})
        return {}
    bearer = StaticBearer(
        token,
        Caller(sub=REST_SUB, scopes=frozenset(settings.api.scopes)),
        ClientAddresses(settings.server.trusted_proxies),
    )
    tool_names = {tool.rest_path: tool.name for tool in gateway.catalogue.tools}
    endpoint = ToolEndpoint(
        handler=RestHandler(gateway=gateway, tool_names=tool_names),
        surface="rest",
        authenticate=bearer,
        max_request_bytes=settings.limits.max_request_bytes,
    )
    document = OpenapiEndpoint(catalogue=gateway.catalogue, authenticate=bearer)
    return {**dict.fromkeys(tool_names, endpoint), openapi.PATH: document}
