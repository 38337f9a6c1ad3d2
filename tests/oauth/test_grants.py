"""What a token check reads."""

import sqlite3
from pathlib import Path

import pytest

from onecgw.auth.caller import RESOLVE
from tests.builders.oauth_rig import OWNER_KEY, open_oauth


async def test_a_token_check_is_one_statement_and_no_write(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        await oauth.rpc(login.access, "tools/list")  # which is the first use, and is noted
        read: list[str] = []
        written: list[str] = []
        oauth.store.read(lambda db: db.set_trace_callback(read.append))
        oauth.store.write_here(lambda db: db.set_trace_callback(written.append))
        written.clear()
        answer = await oauth.rpc(login.access, "tools/list")
    assert answer.status_code == 200
    (statement,) = read
    assert statement.startswith("SELECT")
    assert written == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tokens SET expires_at = ? WHERE kind = 'access'",
        "UPDATE grants SET expires_at = ?",
        "UPDATE grants SET revoked_at = ?",
        "UPDATE grants SET resource = 'https://elsewhere.example.org/mcp' WHERE 0 < ?",
        "UPDATE tokens SET kind = 'refresh' WHERE 0 < ?",
        "DELETE FROM grants WHERE 0 < ?",
    ],
)
async def test_a_token_is_good_only_as_long_as_everything_behind_it_is(
    tmp_path: Path, change: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login(OWNER_KEY, (RESOLVE,))
        now = oauth.now()

        def transition(db: sqlite3.Connection) -> None:
            db.execute(change, (now,))

        before = await oauth.rpc(login.access, "tools/list")
        oauth.store.write_here(transition)
        after = await oauth.rpc(login.access, "tools/list")
    assert (before.status_code, after.status_code) == (200, 401)
