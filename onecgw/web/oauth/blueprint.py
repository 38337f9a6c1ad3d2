"""The authorization server as a Quart blueprint."""

from collections.abc import Awaitable, Callable
from functools import cache, partial, wraps

import attrs
from quart import Blueprint, Response, g, request

from onecgw.oauth.events import RequestOrigin
from onecgw.oauth.factory import AuthorizationServer
from onecgw.peers import Peers
from onecgw.settings import Settings
from onecgw.web.asgi import read_head
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.oauth import metadata
from onecgw.web.oauth.authorize import AuthorizeRoutes
from onecgw.web.oauth.bearer import OAuthBearer
from onecgw.web.oauth.responses import json_answer
from onecgw.web.oauth.token import TokenRoutes

View = Callable[[], Awaitable[Response]]


@attrs.frozen(kw_only=True)
class OAuthSite:
    """The authorization server over HTTP.

    public_paths: path → its methods; for programs. login_paths: for a person's browser.
    bearer: authenticates MCP requests.
    """

    blueprint: Blueprint
    public_paths: dict[str, str]
    login_paths: frozenset[str]
    bearer: OAuthBearer


def make_oauth_site(
    server: AuthorizationServer, settings: Settings, *, peers: Peers | None = None
) -> OAuthSite:
    """The routes of an authorization server; its limits count with the peers."""
    addresses = ClientAddresses(settings.server.trusted_proxies)
    limits = settings.oauth.rate_limit
    login = AuthorizeRoutes(
        server,
        limits,
        issuer=settings.issuer,
        stock_amount_scope=settings.limits.stock_amount_scope,
        peers=peers,
    )
    tokens = TokenRoutes(server, limits, peers=peers)

    # One view for all of its paths.
    confirmed = cache(partial(_confirmed, confirm=server.confirm_audit))

    async def describe_resource() -> Response:
        return json_answer(metadata.resource_metadata(settings), headers=metadata.CACHED)

    async def describe_server() -> Response:
        accepts_documents = server.clients.documents.is_live
        document = metadata.server_metadata(settings, accepts_documents=accepts_documents)
        return json_answer(document, headers=metadata.CACHED)

    public: dict[str, tuple[str, View]] = {
        metadata.RESOURCE_PATH: ("GET", describe_resource),
        f"{metadata.RESOURCE_PATH}/mcp": ("GET", describe_resource),
        metadata.SERVER_PATH: ("GET", describe_server),
        **dict.fromkeys(metadata.PROBED, ("GET", metadata.not_found)),
    }
    for prefix in ("/oauth", ""):  # some clients append the endpoint's name to the issuer
        public[f"{prefix}/token"] = ("POST", confirmed(tokens.issue))
        public[f"{prefix}/register"] = ("POST", confirmed(tokens.register))
        public[f"{prefix}/revoke"] = ("POST", confirmed(tokens.revoke))
    login_paths = ("/oauth/authorize", "/authorize")

    blueprint = Blueprint("oauth", __name__, template_folder="templates")
    _record_origins(blueprint, addresses)
    # Without automatic OPTIONS: preflights are answered by the router, other ones are refused.
    add_route = partial(blueprint.add_url_rule, provide_automatic_options=False)
    for path, (method, view) in public.items():
        add_route(path, view.__name__, view, methods=[method])
    for path in login_paths:
        add_route(path, "begin", confirmed(login.begin), methods=["GET"])
        add_route(path, "answer", confirmed(login.answer), methods=["POST"])
    return OAuthSite(
        blueprint=blueprint,
        public_paths={path: f"{method}, OPTIONS" for path, (method, _) in public.items()},
        login_paths=frozenset(login_paths),
        bearer=OAuthBearer(
            authenticator=server.authenticator,
            addresses=addresses,
            record_event=server.record_event,
            issuer=settings.issuer,
            supported_scopes=settings.oauth.supported_scopes,
        ),
    )


def _confirmed(view: View, *, confirm: Callable[[], Awaitable[None]]) -> View:
    """A view whose answer leaves after its audit events are kept."""

    @wraps(view)
    async def answer() -> Response:
        failure = None
        try:
            response = await view()
        except Exception as error:  # noqa: BLE001 - it is raised below
            failure = error
        await confirm()
        if failure is not None:
            raise failure
        return response

    return answer


def _record_origins(blueprint: Blueprint, addresses: ClientAddresses) -> None:
    @blueprint.before_request
    async def set_origin() -> None:
        address = addresses.of(read_head(dict(request.scope)))
        g.origin = RequestOrigin(request_id=g.request_id, ip=address)

    @blueprint.after_request
    async def add_request_id(response: Response) -> Response:
        response.headers["x-request-id"] = g.request_id
        return response
