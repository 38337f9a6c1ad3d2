"""What clients read before they log in: two documents, and the challenge that leads to them."""

from collections.abc import Callable
from typing import Final

from onecgw.oauth.client import METHODS
from onecgw.oauth.scopes import OFFLINE_ACCESS
from onecgw.settings import Settings
from onecgw.web.asgi import Response
from onecgw.web.oauth.http import Handler, Visit, json_answer

RESOURCE_PATH: Final = "/.well-known/oauth-protected-resource"
SERVER_PATH: Final = "/.well-known/oauth-authorization-server"
# Other places where clients look; a plain "no" lets them go on.
PROBED: Final = (
    "/.well-known/openid-configuration",
    "/.well-known/openid-configuration/mcp",
    "/.well-known/oauth-authorization-server/mcp",
    "/mcp/.well-known/openid-configuration",
    "/mcp/.well-known/oauth-authorization-server",
    "/mcp/.well-known/oauth-protected-resource",
)
_HEADERS: Final = ((b"cache-control", b"public, max-age=300"),)
RESOURCE_NAME: Final = "onecgw: 1C:Enterprise gateway"


def resource_metadata(settings: Settings) -> dict[str, object]:
    """The metadata of the MCP endpoint. Source: RFC 9728, 2."""
    return {
        "resource": settings.resource,
        "authorization_servers": [settings.issuer],
        "scopes_supported": list(settings.oauth.supported_scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": RESOURCE_NAME,
    }


def server_metadata(settings: Settings, *, has_documents: bool) -> dict[str, object]:
    """The metadata of the authorization server. Source: RFC 8414, 2; RFC 9207, 3."""
    issuer = settings.issuer
    document: dict[str, object] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "registration_endpoint": f"{issuer}/oauth/register",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "scopes_supported": [*settings.oauth.supported_scopes, OFFLINE_ACCESS],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "authorization_response_iss_parameter_supported": True,
    }
    if has_documents:
        document["client_id_metadata_document_supported"] = True
    return document


def serve_document(make: Callable[[], dict[str, object]]) -> Handler:
    """A handler that answers with a document."""

    async def handle(visit: Visit) -> Response:  # noqa: ARG001 - the same for everybody
        return json_answer(200, make(), headers=_HEADERS)

    return handle


async def serve_nothing(visit: Visit) -> Response:
    """The answer where there is no such document."""
    body = {"error": "not_found", "message": f"nothing at {visit.request.path[:100]}"}
    return json_answer(404, body, headers=_HEADERS)


def make_challenge(
    settings: Settings, scopes: str, *, error: str = "", description: str = ""
) -> str:
    """The value of WWW-Authenticate. Source: RFC 6750, 3; RFC 9728, 5.1.

    Args:
        settings: where the metadata is.
        scopes: what to ask for, separated by spaces.
        error: "" where no token was sent (RFC 6750, 3.1: then it SHOULD NOT be there).
        description: ASCII without quotes and backslashes.
    """
    parts = [f'resource_metadata="{settings.issuer}{RESOURCE_PATH}/mcp"', f'scope="{scopes}"']
    if description:
        parts.insert(0, f'error_description="{description}"')
    if error:
        parts.insert(0, f'error="{error}"')
    return "Bearer " + ", ".join(parts)
