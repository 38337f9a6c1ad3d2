"""A database of 0.1.0 is opened by this version, and its copy by 0.1.0 again afterwards."""

import sqlite3
from contextlib import closing
from pathlib import Path

from onecgw.auth.key_verification import UncheckedKey
from onecgw.errors import OnecUnavailable
from onecgw.oauth.events import RequestOrigin
from onecgw.oauth.factory import open_authorization_server
from onecgw.oauth.secrets import open_secrets
from onecgw.oauth.storage.local_keys import list_keys
from onecgw.settings import DatabaseSettings, OauthSettings
from onecgw.storage.audit_log import AuditEvent
from onecgw.storage.database import Database
from tests.builders.gateway_rig import make_settings
from tests.storage.version_0_1_0 import ISSUER, TOKEN, WRITTEN_AT, write_database

ORIGIN = RequestOrigin(request_id="r-1", ip="127.0.0.1")


def tables_of(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        version = db.execute("PRAGMA user_version").fetchone()
        tables = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        return [("user_version", str(version[0])), *tables]


async def test_logins_keys_and_audit_of_0_1_0_go_on(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.db"
    write_database(path)
    before = tables_of(path)
    events: list[AuditEvent] = []
    settings = make_settings(
        oauth=OauthSettings(public_url=ISSUER, keys="local", cimd="off"),
        database=DatabaseSettings(path=path),
    )
    store = Database(path)
    try:
        server = open_authorization_server(
            settings,
            store=store,
            oauth_secrets=open_secrets(settings.secrets_path),
            audit=events.append,
            verify_key=unused_check,
            clock=lambda: WRITTEN_AT + 400,
        )
        # 400 s: the key behind the login is verified again.
        caller = await server.authenticator.authenticate(TOKEN, ORIGIN)
        (key,) = store.read(list_keys)
        audit = store.read(lambda db: db.execute("SELECT count(*) FROM audit").fetchone()[0])
    finally:
        store.close()

    assert caller is not None
    assert (caller.sub, sorted(caller.scopes)) == (key.sub, ["mcp:report:sales", "mcp:resolve"])
    assert [event.event for event in events] == ["key.reverified"]
    assert audit == 8
    # 0.1.0 opens the copy that was made before the migration. The tables are the same ones.
    assert tables_of(path.with_name("onecgw.db.v2")) == before
    assert tables_of(path)[1:] == before[1:]


async def unused_check(_key: str, _request_id: str) -> UncheckedKey:
    """1C is not called for local keys."""
    return UncheckedKey(error=OnecUnavailable("it was called"))
