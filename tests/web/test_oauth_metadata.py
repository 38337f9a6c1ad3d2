"""What clients read before they log in."""

from pathlib import Path

import pytest
import trio

from onecgw.caller import ALL_SCOPES
from onecgw.settings import RateLimitSettings
from onecgw.web import oauth_authorize
from tests.oauth.rig import CALLBACK, ISSUER, OWNER_KEY, open_oauth


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


async def test_a_client_does_not_flood_the_token_endpoint(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, rate_limit=RateLimitSettings(token_per_minute=2)) as oauth:
        client_id = (await oauth.register())["client_id"]
        stranger = (await oauth.register())["client_id"]
        statuses = [
            (await oauth.redeem(who, "ocg_ac_unknown")).status_code
            for who in (client_id, client_id, client_id, stranger)
        ]
    assert statuses == [400, 400, 429, 400]


async def test_many_wrong_keys_slow_everybody_and_lock_out_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed: list[float] = []

    async def sleep(seconds: float) -> None:
        slowed.append(seconds)

    monkeypatch.setattr(oauth_authorize, "FAILURES_PER_MINUTE", 2)
    monkeypatch.setattr(trio, "sleep", sleep)
    unlimited = RateLimitSettings(authorize_per_minute=0)
    async with open_oauth(tmp_path, rate_limit=unlimited) as oauth:
        client_id = (await oauth.register())["client_id"]
        for number in range(3):
            await oauth.open_consent(client_id, f"not-a-key-{number}")
        assert slowed == []
        right = await oauth.open_consent(client_id, OWNER_KEY)
    assert right.status_code == 200
    assert slowed == [oauth_authorize.BRAKE_SECONDS]


async def test_requests_in_the_name_of_a_client_take_nothing_from_it(tmp_path: Path) -> None:
    limits = RateLimitSettings(token_per_minute=2)
    async with open_oauth(tmp_path, rate_limit=limits) as oauth:
        client_id = (await oauth.register())["client_id"]
        for _ in range(3):
            await oauth.redeem(f"x{client_id[-64:]}", "ocg_ac_unknown")
        own = await oauth.redeem(client_id, "ocg_ac_unknown")
        rotated = [
            (await oauth.redeem(f"r{number}", "ocg_ac_unknown")).status_code for number in range(20)
        ]
    assert own.status_code == 400
    assert (rotated[0], rotated[-1]) == (401, 429)
