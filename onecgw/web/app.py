"""The ASGI application: which path is answered by what."""

import logging
from typing import Any

from jinja2 import StrictUndefined
from quart_trio import QuartTrio

from onecgw.auth.caller import Caller
from onecgw.gateway.service import Gateway
from onecgw.mcp.engine import Engine
from onecgw.oauth.factory import AuthorizationServer
from onecgw.peers import Peers
from onecgw.settings import ApiSettings, McpSettings, Settings
from onecgw.web.bearer import StaticBearer
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.docs_page import make_docs_blueprint
from onecgw.web.endpoint import ToolEndpoint
from onecgw.web.health import always_ready, make_health_blueprint
from onecgw.web.host_policy import make_host_policy
from onecgw.web.landing import MCP_PATHS, make_landing_blueprint
from onecgw.web.mcp import McpHandler
from onecgw.web.metrics import RenderMetrics, make_metrics_blueprint
from onecgw.web.oauth.blueprint import OAuthSite, make_oauth_site
from onecgw.web.openapi import make_openapi_blueprint
from onecgw.web.quart_errors import install_error_handlers
from onecgw.web.readiness import CheckReadiness
from onecgw.web.rest import RestHandler
from onecgw.web.router import AsgiApp, Router

log = logging.getLogger(__name__)

STATIC_SUB = "static"  # the caller behind mcp.bearer_token
REST_SUB = "api"  # the caller behind api.bearer_token


def build_app(
    settings: Settings,
    gateway: Gateway,
    engine: Engine,
    *,
    authorization_server: AuthorizationServer | None = None,
    check_readiness: CheckReadiness = always_ready,
    render_metrics: RenderMetrics | None = None,
    peers: Peers | None = None,
) -> QuartTrio:
    """The ASGI application: /mcp and the REST routes bypass Quart, the rest are its blueprints.

    Args:
        settings: the whole configuration.
        gateway: answers REST.
        engine: answers MCP.
        authorization_server: people log in there; None: /mcp has a static token.
        check_readiness: whether calls can be answered.
        render_metrics: what the gateway counts; None: there is no /metrics.
        peers: the processes that serve the same port.
    """
    site = None
    if authorization_server is not None:
        site = make_oauth_site(authorization_server, settings, peers=peers)
    api_bearer = _static_bearer(settings, settings.api, REST_SUB)
    app = QuartTrio("onecgw")
    # Wrapping asgi_app is Quart's documented way in; its types know only its own ASGI dicts.
    quart: Any = app.asgi_app
    endpoints: dict[str, AsgiApp] = {
        **_mcp_endpoints(settings, engine, site, page=quart),
        **_rest_endpoints(settings, gateway, api_bearer),
    }
    public_paths = site.public_paths if site else {}
    login_paths = site.login_paths if site else frozenset()
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.url_map.merge_slashes = False  # `//` in a path is a 404, not a redirect
    install_error_handlers(app, {*public_paths, *login_paths})
    app.register_blueprint(make_health_blueprint(check_readiness))
    app.register_blueprint(make_landing_blueprint(settings, is_mcp_served="/mcp" in endpoints))
    if render_metrics is not None:
        token = settings.metrics.bearer_token
        app.register_blueprint(make_metrics_blueprint(render_metrics, token))
    if site is not None:
        app.register_blueprint(site.blueprint)
    if api_bearer is not None:
        app.register_blueprint(make_openapi_blueprint(gateway.catalogue, api_bearer))
        app.register_blueprint(make_docs_blueprint(gateway.catalogue.tools, settings.limits))
    for path in (*endpoints, *public_paths, *login_paths):
        log.debug("app.mounted", extra={"fields": {"path": path}})
    router: Any = Router(
        hosts=make_host_policy(settings.server, settings.issuer),
        endpoints=endpoints,
        fallback=quart,
        public_paths=public_paths,
        login_paths=login_paths,
    )
    app.asgi_app = router  # type: ignore[method-assign]
    return app


def _mcp_endpoints(
    settings: Settings, engine: Engine, site: OAuthSite | None, *, page: AsgiApp
) -> dict[str, AsgiApp]:
    static = _static_bearer(settings, settings.mcp, STATIC_SUB)
    authenticate = static if site is None else site.bearer
    if not settings.mcp.enabled or authenticate is None:
        reason = "mcp.bearer_token is not set" if settings.mcp.enabled else "mcp.enabled is false"
        log.warning("app.not_mounted", extra={"fields": {"path": "/mcp", "reason": reason}})
        return {}
    if static is not None and site is not None:
        fields = {"key": "mcp.bearer_token", "reason": "people log in: oauth.enabled is true"}
        log.warning("app.ignored", extra={"fields": fields})
    endpoint = ToolEndpoint(
        handler=McpHandler(engine=engine, challenge=site.bearer.challenge_scope if site else None),
        surface="mcp",
        authenticate=authenticate,
        max_request_bytes=settings.limits.max_request_bytes,
        page=page,
        language=settings.mcp.language,
    )
    return dict.fromkeys(MCP_PATHS, endpoint)


def _rest_endpoints(
    settings: Settings, gateway: Gateway, authenticate: StaticBearer | None
) -> dict[str, AsgiApp]:
    if authenticate is None:
        reason = "api.bearer_token is not set"
        log.info("app.not_mounted", extra={"fields": {"path": "REST", "reason": reason}})
        return {}
    tool_names = {tool.rest_path: tool.name for tool in gateway.catalogue.tools}
    endpoint = ToolEndpoint(
        handler=RestHandler(gateway=gateway, tool_names=tool_names),
        surface="rest",
        authenticate=authenticate,
        max_request_bytes=settings.limits.max_request_bytes,
        language=settings.mcp.language,
    )
    return dict.fromkeys(tool_names, endpoint)


def _static_bearer(
    settings: Settings, surface: McpSettings | ApiSettings, sub: str
) -> StaticBearer | None:
    """What authenticates a surface by its static token; None without one. sub: of its caller."""
    if surface.bearer_token is None:
        return None
    caller = Caller(sub=sub, scopes=frozenset(surface.scopes))
    addresses = ClientAddresses(settings.server.trusted_proxies)
    return StaticBearer(surface.bearer_token, caller, addresses)
