"""Where the endpoints of OAuth are mounted."""

from functools import partial

import attrs

from onecgw.oauth.authenticator import Admission
from onecgw.oauth.context import Realm
from onecgw.oauth.login import Login
from onecgw.oauth.token_endpoint import Tokens
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.oauth.authorize import AuthorizePages
from onecgw.web.oauth.bearer import OauthBearer
from onecgw.web.oauth.http import Door, Handler
from onecgw.web.oauth.metadata import (
    PROBED,
    RESOURCE_PATH,
    SERVER_PATH,
    resource_metadata,
    serve_document,
    serve_nothing,
    server_metadata,
)
from onecgw.web.oauth.token import TokenEndpoints


@attrs.frozen(kw_only=True)
class OauthSite:
    """The authorization server as HTTP.

    pages: for people; no script of another origin reads them, and a form of one is refused on a
    page. programs: for clients, open to any origin, since nothing there depends on cookies.
    bearer: lets MCP requests in.
    """

    pages: dict[str, Door]
    programs: dict[str, Door]
    bearer: OauthBearer


def open_site(realm: Realm) -> OauthSite:
    """Build the endpoints of a realm."""
    addresses = ClientAddresses(realm.settings.server.trusted_proxies)
    admission = Admission(realm)
    authorize = AuthorizePages(realm, Login(realm))
    endpoints = TokenEndpoints(realm, Tokens(realm, admission))

    def door(*, is_open: bool, **handlers: Handler) -> Door:
        return Door(handlers=handlers, addresses=addresses, is_open=is_open)

    resource = door(is_open=True, GET=serve_document(partial(resource_metadata, realm.settings)))

    def describe_server() -> dict[str, object]:
        return server_metadata(realm.settings, has_documents=realm.clients.documents.is_live)

    programs = {
        RESOURCE_PATH: resource,
        f"{RESOURCE_PATH}/mcp": resource,
        SERVER_PATH: door(is_open=True, GET=serve_document(describe_server)),
        **dict.fromkeys(PROBED, door(is_open=True, GET=serve_nothing)),
    }
    handlers = {
        "token": endpoints.issue,
        "register": endpoints.register,
        "revoke": endpoints.revoke,
    }
    for name, handler in handlers.items():
        # Some clients build the address from the issuer alone.
        programs[f"/oauth/{name}"] = programs[f"/{name}"] = door(is_open=True, POST=handler)
    pages = door(is_open=False, GET=authorize.begin, POST=authorize.answer)
    return OauthSite(
        pages={"/oauth/authorize": pages, "/authorize": pages},
        programs=programs,
        bearer=OauthBearer(realm, admission, addresses),
    )
