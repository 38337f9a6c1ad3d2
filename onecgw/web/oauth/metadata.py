"""Metadata documents for clients, and the challenge that leads to them."""

from typing import Final

from quart import Response, request

from onecgw.oauth.client import METHODS
from onecgw.oauth.scopes import OFFLINE_ACCESS
from onecgw.settings import Settings
from onecgw.web.oauth.responses import json_answer

RESOURCE_PATH: Final = "/.well-known/oauth-protected-resource"
SERVER_PATH: Final = "/.well-known/oauth-authorization-server"
# Other paths that clients try; after a 404 in JSON they go on.
PROBED: Final = (
    "/.well-known/openid-configuration",
    "/.well-known/openid-configuration/mcp",
    "/.well-known/oauth-authorization-server/mcp",
    "/mcp/.well-known/openid-configuration",
    "/mcp/.well-known/oauth-authorization-server",
    "/mcp/.well-known/oauth-protected-resource",
)
CACHED: Final = {"cache-control": "public, max-age=300"}
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


def server_metadata(settings: Settings, *, accepts_documents: bool) -> dict[str, object]:
    """The metadata of the authorization server. Source: RFC 8414, 2; RFC 9207, 3.

    accepts_documents: whether a client_id may be the URL of a metadata document.
    """
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
    if accepts_documents:
        document["client_id_metadata_document_supported"] = True
    return document


async def not_found() -> Response:
    """The response at the paths of PROBED."""
    body = {"error": "not_found", "message": f"nothing at {request.path[:100]}"}
    return json_answer(body, status=404, headers=CACHED)


def make_challenge(issuer: str, scope: str, *, error: str = "", description: str = "") -> str:
    """The value of WWW-Authenticate. Source: RFC 6750, 3; RFC 9728, 5.1.

    Args:
        issuer: the origin of the metadata.
        scope: what to request, separated by spaces.
        error: "" if no token was sent (RFC 6750, 3.1: then SHOULD NOT be included).
        description: ASCII without quotes and backslashes.
    """
    parts = [f'resource_metadata="{issuer}{RESOURCE_PATH}/mcp"', f'scope="{scope}"']
    if description:
        parts.insert(0, f'error_description="{description}"')
    if error:
        parts.insert(0, f'error="{error}"')
    return "Bearer " + ", ".join(parts)
