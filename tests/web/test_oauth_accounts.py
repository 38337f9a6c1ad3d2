"""The account behind a login: what becomes of it when 1C changes its mind, or is down."""

import sqlite3
from pathlib import Path

import pytest

from onecgw.auth.caller import ALL_SCOPES
from onecgw.oauth.authenticator import STALE_SECONDS, VERIFY_SECONDS
from onecgw.oauth.key_cache import KeyCache, KeyCheck
from onecgw.oauth.secrets import OAuthSecrets
from onecgw.oauth.storage.grants import delete_expired, revoke_grant
from onecgw.oauth.storage.local_keys import add_key, revoke_key
from onecgw.oauth.storage.transactions import TRANSACTION_SECONDS
from tests.builders.oauth_rig import OWNER_KEY, Login, OauthRig, hidden, open_oauth


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


async def test_1c_verifies_a_key_once_in_five_minutes_for_any_number_of_calls(
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


async def test_a_clock_that_is_put_back_gives_a_closed_account_no_time(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        del oauth.accounts.scopes[OWNER_KEY]
        oauth.clock.seconds -= VERIFY_SECONDS
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 401
        refreshed = await oauth.refresh(login)
    assert refreshed.json()["error"] == "invalid_grant"


async def test_a_clock_that_is_put_back_gives_no_more_time_while_1c_is_down(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.accounts.is_down = True
        oauth.clock.seconds -= VERIFY_SECONDS + STALE_SECONDS
        response = await oauth.rpc(login.access, "tools/list")
    assert response.status_code == 503


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


async def test_a_login_of_a_valid_account_works_while_the_database_cannot_be_written(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        oauth.clock.seconds += VERIFY_SECONDS
        oauth.store._writer.execute("PRAGMA query_only = ON")  # noqa: SLF001 - the disk is read-only
        good = await oauth.rpc(login.access, "tools/list")
        del oauth.accounts.scopes[OWNER_KEY]
        oauth.clock.seconds += VERIFY_SECONDS
        closed = await oauth.rpc(login.access, "tools/list")
        refreshed = await oauth.refresh(login)
    assert good.status_code == 200
    assert (closed.status_code, refreshed.status_code) == (503, 503)
    assert "www-authenticate" not in closed.headers


@pytest.mark.parametrize("route", ["call", "refresh"])
async def test_a_login_whose_key_cannot_be_read_any_more_is_over_and_not_on_hold(
    tmp_path: Path, route: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        other = await oauth.login()
        grant = _forget_key(oauth, login)
        oauth.clock.seconds += VERIFY_SECONDS - 1
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 200
        oauth.clock.seconds += 1
        seen = len(oauth.events)
        if route == "call":
            first = await oauth.rpc(login.access, "tools/list")
        else:
            first = await oauth.refresh(login)
        events = [
            (event.event, event.sub, event.client, event.grant, event.detail)
            for event in oauth.events[seen:]
        ]
        again = await oauth.rpc(login.access, "tools/list")
        refreshed = await oauth.refresh(login)
        (row,) = [row for row in oauth.rows("grants") if row["id"] == grant]
        checks = oauth.accounts.checks
        # A login whose key can be read goes on.
        assert (await oauth.rpc(other.access, "tools/list")).status_code == 200
    why = "the key behind it cannot be read any more"
    facts = ("owner", "Test client", grant)
    assert events[0] == ("grant.revoked", *facts, why)
    if route == "call":
        assert (first.status_code, events[1:]) == (
            401,
            [("token.rejected", *facts, "the login is over")],
        )
        assert 'error="invalid_token"' in first.headers["www-authenticate"]
    else:
        detail = "invalid_grant: the login is over; log in again"
        assert (first.status_code, events[1:]) == (400, [("token.rejected", *facts, detail)])
        assert first.json()["error"] == "invalid_grant"
    assert again.status_code == 401
    assert refreshed.json()["error"] == "invalid_grant"
    assert (row["revoked_why"], row["key_box"]) == (why, b"")
    # An unreadable key is not verified in 1C, so it does not matter that 1C is down.
    assert checks == 1


async def test_a_login_that_ends_while_1c_verifies_its_key_stays_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        (row,) = oauth.rows("grants")
        oauth.clock.seconds += VERIFY_SECONDS

        def revoke_meanwhile(db: sqlite3.Connection) -> None:
            revoke_grant(db, row["id"], now=oauth.now(), why="by the administrator")

        verify_unchanged = KeyCache.verify

        async def verify(cache: KeyCache, key: str, request_id: str) -> KeyCheck:
            await oauth.store.write(revoke_meanwhile)
            return await verify_unchanged(cache, key, request_id)

        monkeypatch.setattr(KeyCache, "verify", verify)
        response = await oauth.rpc(login.access, "tools/list")
        (after,) = oauth.rows("grants")
    assert response.status_code == 401
    assert (after["revoked_why"], after["verified_at"]) == (
        "by the administrator",
        row["verified_at"],
    )
    assert "key.reverified" not in oauth.event_names


async def test_a_consent_whose_key_cannot_be_read_any_more_begins_anew(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        for column in ("key_box", "request_box"):
            consent = await oauth.open_consent(client_id)
            spoil = f"UPDATE transactions SET {column} = x'00'"  # noqa: S608 - our own text
            oauth.store.write_here(lambda db, spoil=spoil: db.execute(spoil))  # type: ignore[misc]
            form = {"transaction": hidden(consent, "transaction"), "answer": "allow"}
            answer = await oauth.post_form(form | {"scope": "mcp:resolve"})
            assert answer.status_code == 400
            assert "location" not in answer.headers
        assert oauth.rows("grants") == []


def _forget_key(oauth: OauthRig, login: Login) -> str:
    """The key behind a login was encrypted under a key that is gone; the id of its grant."""
    strange = OAuthSecrets(pepper=b"p" * 32, signing=b"s" * 32, encryption=b"e" * 32)
    (grant,) = [row["id"] for row in oauth.rows("grants") if row["client_id"] == login.client_id]
    box = strange.encrypt(OWNER_KEY, purpose=f"grant {grant}")
    oauth.store.write_here(
        lambda db: db.execute("UPDATE grants SET key_box = ? WHERE id = ?", (box, grant))
    )
    return str(grant)


async def test_a_key_that_was_revoked_before_the_consent_gives_no_code(tmp_path: Path) -> None:
    """Also if the revocation came between the check of the key and the start of the transaction."""
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        consent = await oauth.open_consent(client_id)

        def add_revoked(db: sqlite3.Connection) -> None:
            made, _ = add_key(
                db, oauth.secrets, name="Owner", scopes=frozenset(ALL_SCOPES), now=oauth.now()
            )
            revoke_key(db, made.id, now=oauth.now())
            key_hash = oauth.secrets.hash(OWNER_KEY, "key")
            db.execute("UPDATE keys SET hash = ? WHERE id = ?", (key_hash, made.id))

        await oauth.store.write(add_revoked)
        form = {
            "transaction": hidden(consent, "transaction"),
            "answer": "allow",
            "scope": list(ALL_SCOPES),
        }
        answer = await oauth.post_form(form)

        assert answer.status_code == 400
        assert oauth.rows("grants") == []
        assert oauth.rows("codes") == []


async def test_a_login_that_is_left_at_the_consent_is_deleted_with_its_key(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        await oauth.open_consent((await oauth.register())["client_id"])
        for seconds, left in ((TRANSACTION_SECONDS - 1, 1), (1, 0)):
            oauth.clock.seconds += seconds
            await oauth.store.write(lambda db: delete_expired(db, now=oauth.now()))
            assert len(oauth.rows("transactions")) == left
