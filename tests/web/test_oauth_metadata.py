"""What clients read before they log in."""

from pathlib import Path

import pytest

from onecgw.auth.caller import ALL_SCOPES
from tests.builders.oauth_rig import CALLBACK, ISSUER, open_oauth


async def test_the_resource_and_its_server_describe_themselves(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        answers = {
            path: await oauth.http.get(
                f"/.well-known/{path}", headers={"origin": "https://inspector.example.org"}
            )
            for path in (
                "oauth-protected-resource",
                "oauth-protected-resource/mcp",
                "oauth-authorization-server",
            )
        }
    for answer in answers.values():
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert answer.headers["access-control-allow-origin"] == "*"
    resource, again, server = (answer.json() for answer in answers.values())
    assert resource == again
    assert resource == {
        "resource": f"{ISSUER}/mcp",
        "authorization_servers": [ISSUER],
        "scopes_supported": list(ALL_SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "onecgw: 1C:Enterprise gateway",
    }
    methods = ["none", "client_secret_post", "client_secret_basic"]
    assert server == {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/oauth/authorize",
        "token_endpoint": f"{ISSUER}/oauth/token",
        "registration_endpoint": f"{ISSUER}/oauth/register",
        "revocation_endpoint": f"{ISSUER}/oauth/revoke",
        "scopes_supported": [*ALL_SCOPES, "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "authorization_response_iss_parameter_supported": True,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
        "/mcp/.well-known/oauth-authorization-server",
        "/mcp/.well-known/oauth-protected-resource",
    ],
)
async def test_other_places_where_clients_look_say_no_in_json(tmp_path: Path, path: str) -> None:
    async with open_oauth(tmp_path) as oauth:
        answer = await oauth.http.get(path, headers={"origin": "https://inspector.example.org"})
    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_endpoints_answer_at_the_root_too(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        registered = await oauth.http.post("/register", json={"redirect_uris": [CALLBACK]})
        client_id = registered.json()["client_id"]
        page = await oauth.http.get("/authorize", params=oauth.query(client_id))
        code = (await oauth.fetch_code(client_id))["code"]
        token = await oauth.http.post(
            "/token",
            data={
                "grant_type": "authorization_code",
                "client_id": client_id,
                "code": code,
                "code_verifier": "v" * 64,
            },
        )
        revoked = await oauth.http.post(
            "/revoke", data={"client_id": client_id, "token": token.json()["refresh_token"]}
        )
    statuses = [answer.status_code for answer in (registered, page, token, revoked)]
    assert statuses == [201, 200, 200, 200]
