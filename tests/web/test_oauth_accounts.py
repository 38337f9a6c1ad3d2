"""The account behind a login: what becomes of it when 1C changes its mind, or is down."""

from pathlib import Path

import pytest

from onecgw.caller import ALL_SCOPES
from onecgw.oauth.admission import STALE_SECONDS, VERIFY_SECONDS
from tests.oauth.rig import OWNER_KEY, open_oauth


async def test_a_key_that_was_disabled_in_1c_ends_the_login_within_five_minutes(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        del oauth.accounts.scopes[OWNER_KEY]
        oauth.clock.seconds += VERIFY_SECONDS - 1
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 200
        oauth.clock.seconds += 1
        response = await oauth.rpc(login.access, "tools/list")
        assert response.status_code == 401
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert oauth.rows("tokens") == []
        assert oauth.rows("grants")[0]["key_box"] == b""
        refreshed = await oauth.refresh(login)
    assert refreshed.json()["error"] == "invalid_grant"
    assert {"key.revoked", "grant.revoked"} <= set(oauth.event_names)


async def test_a_scope_that_was_taken_away_in_1c_is_lost_within_five_minutes(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.accounts.scopes[OWNER_KEY] = ("mcp:resolve",)
        oauth.clock.seconds += VERIFY_SECONDS
        response = await oauth.call_tool(login.access)
        # No challenge: the account is not entitled any more, a new login would not help.
        assert response.status_code == 200
        assert response.json()["error"]["code"] == -32602
        oauth.accounts.scopes[OWNER_KEY] = ALL_SCOPES
        oauth.clock.seconds += VERIFY_SECONDS
        back = await oauth.call_tool(login.access)
    assert "result" in back.json()
    assert oauth.event_names.count("key.reverified") == 2


async def test_a_key_that_now_belongs_to_somebody_else_ends_the_login(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.accounts.subs[OWNER_KEY] = "another"
        oauth.clock.seconds += VERIFY_SECONDS
        response = await oauth.rpc(login.access, "tools/list")
    assert response.status_code == 401


async def test_1c_is_asked_once_in_five_minutes_however_many_calls_there_are(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        for _ in range(3):
            oauth.clock.seconds += VERIFY_SECONDS
            for _ in range(5):
                await oauth.rpc(login.access, "tools/list")
    assert oauth.accounts.checks == 1 + 3


async def test_calls_go_on_for_a_while_when_1c_is_down_then_they_are_503(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.accounts.is_down = True
        oauth.clock.seconds += VERIFY_SECONDS + STALE_SECONDS - 1
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 200
        oauth.clock.seconds += 1
        response = await oauth.rpc(login.access, "tools/list")
        assert response.status_code == 503
        assert response.headers["retry-after"] == "30"
        assert "www-authenticate" not in response.headers
        # A refresh never fails because of 1C.
        refreshed = await oauth.refresh(login)
        assert refreshed.status_code == 200
        again = await oauth.rpc(refreshed.json()["access_token"], "tools/list")
    assert again.status_code == 503


async def test_a_refresh_of_a_closed_account_is_refused(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        del oauth.accounts.scopes[OWNER_KEY]
        oauth.clock.seconds += VERIFY_SECONDS
        response = await oauth.refresh(login)
        assert oauth.rows("tokens") == []
    assert response.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("surface", ["/mcp", "/oauth/token"])
async def test_a_database_that_cannot_be_read_is_503_and_never_401(
    tmp_path: Path, surface: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.store.close()
        response = (
            await oauth.rpc(login.access, "tools/list")
            if surface == "/mcp"
            else await oauth.refresh(login)
        )
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert "www-authenticate" not in response.headers
