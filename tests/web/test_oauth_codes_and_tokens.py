"""Codes and tokens over HTTP: what is refused leaves everything as it was, or ends the login."""

import base64
import re
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from onecgw.oauth.storage.grants import delete_expired
from onecgw.oauth.token_grants import GRACE_SECONDS, LOST_SECONDS
from onecgw.settings import Duration
from tests.builders.oauth_rig import ISSUER, OWNER_KEY, SALES_KEY, Login, OauthRig, open_oauth

NO_STORE = {"cache-control": "no-store", "access-control-allow-origin": "*"}


def refused(response: httpx.Response, error: str, status: int = 400) -> None:
    """The whole shape of a refusal."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert {name: response.headers[name] for name in NO_STORE} == NO_STORE
    body = response.json()
    assert body["error"] == error
    assert body.keys() == {"error", "error_description"}
    assert body["error_description"].isascii()
    assert not set(body["error_description"]) & set('"\\=')


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:3001/callback"}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:3000/callback"}, "invalid_grant"),
        ({"resource": "https://elsewhere.example.org/mcp"}, "invalid_target"),
        ({"code": "ocg_ac_unknown"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
    ids=str,
)
async def test_a_wrong_redemption_is_refused_and_the_right_one_still_works(
    tmp_path: Path, change: dict[str, str | None], error: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        before = oauth.rows("tokens"), oauth.rows("grants")
        values: dict[str, Any] = {"code": code} | change
        refused(await oauth.redeem(client_id, **values), error)
        assert (oauth.rows("tokens"), oauth.rows("grants")) == before
        assert (await oauth.redeem(client_id, code)).status_code == 200


async def test_the_code_of_another_client_is_refused(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        other_client = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        before = oauth.state()
        refused(await oauth.redeem(other_client, code), "invalid_grant")
        assert oauth.state() == before
        assert (await oauth.redeem(client_id, code)).status_code == 200


async def test_five_wrong_verifiers_kill_the_code(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        for _ in range(5):
            refused(await oauth.redeem(client_id, code, code_verifier="w" * 64), "invalid_grant")
        refused(await oauth.redeem(client_id, code), "invalid_grant")
        assert oauth.rows("tokens") == []


async def test_a_code_lives_a_minute(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        oauth.clock.seconds += 60
        refused(await oauth.redeem(client_id, code), "invalid_grant")
        assert oauth.rows("tokens") == []


async def test_a_code_used_twice_ends_everything_it_has_given(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        refused(await oauth.redeem(login.client_id, login.redirect["code"]), "invalid_grant")
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 401
        refused(await oauth.refresh(login), "invalid_grant")
        assert oauth.rows("tokens") == []
        (grant,) = oauth.rows("grants")
    assert grant["revoked_why"] == "the code was used twice"
    assert grant["key_box"] == b""
    assert "code.replayed" in oauth.event_names


async def test_a_code_used_again_days_later_still_ends_the_login(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.clock.seconds += 10 * 86_400
        oauth.store.write_here(lambda db: delete_expired(db, now=oauth.now()))
        assert len(oauth.rows("tokens")) == 1  # the refresh token
        refused(await oauth.redeem(login.client_id, login.redirect["code"]), "invalid_grant")
        refused(await oauth.refresh(login), "invalid_grant")
        assert oauth.rows("tokens") == []
    assert "code.replayed" in oauth.event_names


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "w" * 64},
        {"redirect_uri": "http://127.0.0.1:3001/callback"},
        {"resource": "https://elsewhere.example.org/mcp"},
        {"client_id": "STRANGER"},
    ],
    ids=str,
)
async def test_a_used_code_alone_ends_no_login(tmp_path: Path, change: dict[str, str]) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        other_client = (await oauth.register())["client_id"]
        client_id = change.get("client_id", login.client_id).replace("STRANGER", other_client)
        rest = {name: value for name, value in change.items() if name != "client_id"}
        before = oauth.rows("tokens"), oauth.rows("grants")
        for _ in range(6):
            response = await oauth.redeem(client_id, login.redirect["code"], **rest)
            assert response.status_code == 400
        assert (oauth.rows("tokens"), oauth.rows("grants")) == before
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 200


async def test_tokens_say_what_they_are_and_live_as_the_profile_says(tmp_path: Path) -> None:
    day = 86_400
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        response = await oauth.redeem(client_id, code)
        login = Login(client_id=client_id, tokens=response.json(), redirect={})
        now = int(oauth.clock.seconds)
        lives = {row["kind"]: row["expires_at"] - now for row in oauth.rows("tokens")}
        (grant,) = oauth.rows("grants")
        # 256 random bits each, behind a prefix that says what it is.
        patterns = {
            code: r"ocg_ac_[\w-]{43}",
            login.access: r"ocg_at_[\w-]{43}",
            login.refresh: r"ocg_rt_[\w-]{43}",
            client_id: r"ocg_dc_[\w-]{43,}",
        }
        assert all(re.fullmatch(pattern, token) for token, pattern in patterns.items())
        # Idle for a day less than 30, and refreshed again and again, until the 90 days are over.
        for _ in range(3):
            oauth.clock.seconds += 29 * day
            login = attrs.evolve(login, tokens=(await oauth.refresh(login)).json())
        last = oauth.rows("tokens")
        oauth.clock.seconds += 3 * day - 1
        login = attrs.evolve(login, tokens=(await oauth.refresh(login)).json())
        oauth.clock.seconds += 1
        refused(await oauth.refresh(login), "invalid_grant")
    assert lives == {"access": 3600, "refresh": 30 * day}
    assert grant["expires_at"] - now == 90 * day
    assert {row["expires_at"] for row in last if row["rotated_at"] is None} >= {grant["expires_at"]}


async def test_a_refresh_token_idle_for_thirty_days_is_over(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.clock.seconds += 30 * 86_400
        before = oauth.state()
        refused(await oauth.refresh(login), "invalid_grant")
        assert oauth.state() == before
        assert oauth.accounts.checks == 1  # a login that is over is not verified in 1C


async def test_only_its_client_revokes_and_says_who_it_is(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client = await oauth.register(token_endpoint_auth_method="client_secret_post")
        client_id, secret = client["client_id"], client["client_secret"]
        code = (await oauth.fetch_code(client_id))["code"]
        tokens = (await oauth.redeem(client_id, code, client_secret=secret)).json()
        form = {"token": tokens["refresh_token"]}
        before = oauth.state()
        for wrong in ({}, {"client_id": "unknown"}, {"client_id": client_id}):
            answer = await oauth.http.post("/oauth/revoke", data=form | wrong)
            refused(answer, "invalid_client", 401)
        missing = {"client_id": client_id, "client_secret": secret}
        refused(await oauth.http.post("/oauth/revoke", data=missing), "invalid_request")
        assert oauth.state() == before
        assert (await oauth.http.post("/oauth/revoke", data=form | missing)).status_code == 200
        assert oauth.rows("tokens") == []


async def test_fifty_redemptions_of_one_code_at_once_give_one_login_and_end_it(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        answers: list[httpx.Response] = []

        async def redeem() -> None:
            answers.append(await oauth.redeem(client_id, code))

        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(redeem)
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
        (won,) = [answer.json() for answer in answers if answer.status_code == 200]
        assert (await oauth.rpc(won["access_token"], "tools/list")).status_code == 401
        assert oauth.rows("tokens") == []


async def test_twenty_refreshes_at_once_get_the_same_successor(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        answers: list[dict[str, Any]] = []

        async def refresh() -> None:
            response = await oauth.refresh(login)
            assert response.status_code == 200, response.text
            answers.append(response.json())

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(refresh)
        successors = {answer["refresh_token"] for answer in answers}
        accesses = {answer["access_token"] for answer in answers}
        statuses = {(await oauth.rpc(access, "tools/list")).status_code for access in accesses}
        kinds = [token["kind"] for token in oauth.rows("tokens")]
        (successor,) = successors
        further = await oauth.refresh(login, successor)

    assert statuses == {200}
    assert len(accesses) == 20
    assert kinds.count("refresh") == 2
    assert further.status_code == 200


async def _used_access(oauth: OauthRig, login: Login, answer: dict[str, Any]) -> None:
    await oauth.rpc(answer["access_token"], "tools/list")


async def _used_refresh(oauth: OauthRig, login: Login, answer: dict[str, Any]) -> None:
    await oauth.refresh(login, answer["refresh_token"])


@pytest.mark.parametrize("confirm", [_used_access, _used_refresh])
async def test_a_refresh_token_used_again_after_its_successor_was_seen_ends_the_login(
    tmp_path: Path, confirm: Any
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        answer = (await oauth.refresh(login)).json()
        await confirm(oauth, login, answer)
        oauth.clock.seconds += GRACE_SECONDS
        assert (await oauth.refresh(login)).status_code == 200  # parallel calls of one client
        oauth.clock.seconds += 1
        refused(await oauth.refresh(login), "invalid_grant")
        assert oauth.rows("tokens") == []
        assert oauth.event_names[-3:] == ["token.reuse", "grant.revoked", "token.rejected"]
        assert (await oauth.rpc(answer["access_token"], "tools/list")).status_code == 401


async def test_a_lost_answer_may_be_fetched_again_for_a_day(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        lost = (await oauth.refresh(login)).json()
        oauth.clock.seconds += LOST_SECONDS
        again = (await oauth.refresh(login)).json()
        oauth.clock.seconds += 1
        refused(await oauth.refresh(login), "invalid_grant")
    assert again["refresh_token"] == lost["refresh_token"]
    assert "token.grace" in oauth.event_names


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "mcp:resolve mcp:report:money"}, "invalid_scope"),
        ({"scope": 'mcp:"'}, "invalid_scope"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example.org/mcp"}, "invalid_target"),
        ({"refresh_token": "ocg_rt_unknown"}, "invalid_grant"),
        ({"refresh_token": None}, "invalid_request"),
    ],
    ids=str,
)
async def test_a_wrong_refresh_is_refused_before_anything_is_rotated(
    tmp_path: Path, change: dict[str, str | None], error: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login(SALES_KEY, scopes=("mcp:resolve", "mcp:report:sales"))
        before = oauth.state()
        refused(await oauth.refresh(login, **change), error)
        assert oauth.state() == before
        assert (await oauth.refresh(login)).status_code == 200


async def test_another_client_refreshes_nothing(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        other_client = (await oauth.register())["client_id"]
        before = oauth.state()
        refused(await oauth.refresh(login, client_id=other_client), "invalid_grant")
        assert oauth.state() == before
        assert (await oauth.refresh(login)).status_code == 200


async def test_a_narrowed_refresh_narrows_that_access_token_only(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        narrow = (await oauth.refresh(login, scope="mcp:resolve")).json()
        wide = (await oauth.refresh(login, narrow["refresh_token"])).json()
    assert narrow["scope"] == "mcp:resolve"
    assert wide["scope"] == login.tokens["scope"]


async def test_a_refresh_that_names_only_itself_as_its_scope_narrows_nothing(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        refreshed = (await oauth.refresh(login, scope="offline_access")).json()
    assert refreshed["scope"] == login.tokens["scope"]


async def test_a_clock_that_is_put_back_gives_an_old_refresh_token_no_grace(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        second = (await oauth.refresh(login)).json()
        assert (await oauth.refresh(login, second["refresh_token"])).status_code == 200
        oauth.clock.seconds -= GRACE_SECONDS + 1
        refused(await oauth.refresh(login), "invalid_grant")
        assert oauth.rows("tokens") == []


@pytest.mark.parametrize("kind", ["access", "refresh", "code", "key", "client_id"])
async def test_only_an_access_token_opens_mcp(tmp_path: Path, kind: str) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        token = {
            "access": login.access,
            "refresh": login.refresh,
            "code": login.redirect["code"],
            "key": OWNER_KEY,
            "client_id": login.client_id,
        }[kind]
        response = await oauth.rpc(token, "tools/list")
        as_refresh = await oauth.refresh(login, token)
    assert (response.status_code == 200) == (kind == "access")
    assert (as_refresh.status_code == 200) == (kind == "refresh")


async def test_a_bad_token_is_a_401_that_says_so(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        response = await oauth.rpc("ocg_at_unknown", "tools/list")
    assert response.status_code == 401
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('Bearer error="invalid_token", error_description="')
    assert f'resource_metadata="{ISSUER}/.well-known/oauth-protected-resource/mcp"' in challenge


async def test_an_access_token_lives_an_hour_and_a_login_its_time(tmp_path: Path) -> None:
    async with open_oauth(
        tmp_path, grant_ttl=Duration("31d"), refresh_token_ttl=Duration("31d")
    ) as oauth:
        login = await oauth.login()
        oauth.clock.seconds += 3600
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 401
        later = (await oauth.refresh(login)).json()
        assert later["expires_in"] == 3600
        oauth.clock.seconds += 31 * 86_400 - 3600 - 60
        last = (await oauth.refresh(login, later["refresh_token"])).json()
        assert last["expires_in"] == 60
        oauth.clock.seconds += 60
        refused(await oauth.refresh(login, last["refresh_token"]), "invalid_grant")


async def test_a_revoked_access_token_ends_alone_and_a_refresh_token_ends_the_login(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        revoke = partial(_revoke, oauth, login.client_id)
        assert (await revoke(login.access)).status_code == 200
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 401
        again = (await oauth.refresh(login)).json()
        assert (await revoke(again["refresh_token"])).status_code == 200
        assert (await oauth.rpc(again["access_token"], "tools/list")).status_code == 401
        assert oauth.rows("tokens") == []


async def test_a_foreign_or_unknown_token_is_revoked_without_effect(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        other_client = (await oauth.register())["client_id"]
        before = oauth.state()
        for token in (login.access, login.refresh, "ocg_rt_unknown"):
            assert (await _revoke(oauth, other_client, token)).status_code == 200
        assert oauth.state() == before


async def _revoke(oauth: OauthRig, client_id: str, token: str) -> httpx.Response:
    return await oauth.http.post("/oauth/revoke", data={"client_id": client_id, "token": token})


async def test_a_client_with_a_secret_must_show_it(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client = await oauth.register(token_endpoint_auth_method="client_secret_basic")
        client_id, secret = client["client_id"], client["client_secret"]
        code = (await oauth.fetch_code(client_id))["code"]
        refused(await oauth.redeem(client_id, code), "invalid_client", 401)
        refused(await oauth.redeem(client_id, code, client_secret="wrong"), "invalid_client", 401)
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v" * 64}
        both = await oauth.http.post(
            "/oauth/token", data=form | {"client_secret": secret}, auth=(client_id, secret)
        )
        refused(both, "invalid_request")
        good = await oauth.http.post("/oauth/token", data=form, auth=(client_id, secret))
    assert good.status_code == 200
    assert good.json()["token_type"] == "Bearer"


async def test_a_client_without_a_secret_must_not_send_one(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        refused(await oauth.redeem(client_id, code, client_secret="any"), "invalid_client", 401)
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v" * 64}
        basic = await oauth.http.post("/oauth/token", data=form, auth=(client_id, "any"))
        refused(basic, "invalid_client", 401)
        assert (await oauth.redeem(client_id, code)).status_code == 200


async def test_a_client_that_is_named_twice_in_the_header_is_refused(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client = await oauth.register(token_endpoint_auth_method="client_secret_basic")
        client_id, secret = client["client_id"], client["client_secret"]
        code = (await oauth.fetch_code(client_id))["code"]
        good = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v" * 64}
        for path in ("/oauth/token", "/oauth/revoke"):
            before = oauth.state()
            twice = await oauth.http.post(
                path,
                data=form,
                headers=[("authorization", f"Basic {good}"), ("authorization", "Basic eDp5")],
            )
            refused(twice, "invalid_request")
            assert oauth.state() == before
        once = await oauth.http.post(
            "/oauth/token", data=form, headers={"authorization": f"Basic {good}"}
        )
    assert once.status_code == 200


async def test_an_unknown_client_gets_the_advice_to_register_again(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        for client_id in ("unknown", "ocg_dc_AAAA", None):
            response = await oauth.redeem(client_id, "ocg_ac_x")  # type: ignore[arg-type]  # None: absent
            refused(response, "invalid_client", 401)
            assert "www-authenticate" in response.headers


@pytest.mark.parametrize(
    ("request_", "error", "status"),
    [
        pytest.param(
            {"content": b"a" * 17_000},
            "invalid_request",
            413,
            # The in-process transport is left in the middle of the body.
            marks=pytest.mark.filterwarnings("ignore:Exception ignored in.*ByteStream"),
        ),
        ({"content": b"code=a&code=b&client_id=c"}, "invalid_request", 400),
        ({"content": b"client_id=%ff"}, "invalid_request", 400),
        ({"content": "client_id=é".encode()}, "invalid_request", 400),
        ({"content": b"&".join([b"a=b"] * 60)}, "invalid_request", 400),
        ({"json": {"grant_type": "refresh_token"}}, "invalid_request", 400),
        ({"params": {"client_id": "c"}, "content": b""}, "invalid_request", 400),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_token_request_that_is_no_form_is_refused(
    tmp_path: Path, request_: dict[str, Any], error: str, status: int
) -> None:
    headers = {} if "json" in request_ else {"content-type": "application/x-www-form-urlencoded"}
    async with open_oauth(tmp_path) as oauth:
        response = await oauth.http.post("/oauth/token", headers=headers, **request_)
    refused(response, error, status)


async def test_the_token_endpoint_takes_only_posts_and_answers_any_origin(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        got = await oauth.http.get("/oauth/token")
        preflight = await oauth.http.options(
            "/token",
            headers={
                "origin": "https://inspector.example.org",
                "access-control-request-method": "POST",
            },
        )
    assert got.status_code == 405
    assert got.headers["allow"] == "POST"
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]


async def test_the_audit_says_whose_login_a_refusal_is_about_and_that_it_ended(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        for _ in range(5):
            await oauth.redeem(client_id, code, code_verifier="w" * 64)
        rejections = [
            (event.event, event.sub, event.client, bool(event.grant), event.ip)
            for event in oauth.events
            if event.event in ("token.rejected", "grant.revoked")
        ]
    facts = ("owner", "Test client", True, "127.0.0.1")
    assert rejections == [("token.rejected", *facts)] * 4 + [
        ("grant.revoked", *facts),
        ("token.rejected", *facts),
    ]
