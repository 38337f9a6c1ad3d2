"""Nothing secret is in the database, the log or the audit; the file of the keys is private."""

import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from onecgw.errors import ConfigError
from onecgw.oauth.secrets import open_secrets
from onecgw.observability.logging import _JsonFormatter
from onecgw.storage.audit_log import log_audit
from tests.builders.oauth_rig import OWNER_KEY, VERIFIER, open_oauth


class Lines(logging.Handler):
    """Everything that is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # The test's own client logs what it asks; the gateway's is another one.
        if record.name not in ("httpx", "httpcore"):
            self.lines.append(_JsonFormatter().format(record))


@pytest.fixture
def lines() -> Any:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


async def test_no_secret_is_kept_or_logged(tmp_path: Path, lines: list[str]) -> None:
    state = "a-state-that-is-nobodys-business"
    async with open_oauth(tmp_path) as oauth:
        client = await oauth.register(token_endpoint_auth_method="client_secret_post")
        client_id, client_secret = client["client_id"], client["client_secret"]
        redirect = await oauth.fetch_code(client_id, state=state)
        values = {"client_secret": client_secret}
        tokens = (await oauth.redeem(client_id, redirect["code"], **values)).json()
        form = {"grant_type": "refresh_token", "client_id": client_id} | values
        again = (await oauth.post_token({**form, "refresh_token": tokens["refresh_token"]})).json()
        await oauth.call_tool(again["access_token"])
        await oauth.open_consent(client_id, "a-wrong-key-that-was-tried")
        await oauth.redeem(client_id, redirect["code"], **values)  # a replay
        await oauth.rpc("ocg_at_a-wrong-token-that-was-tried", "tools/list")
        await oauth.http.post("/mcp?access_token=a-token-in-the-query", json={})
        await oauth.open_consent(client_id, state=state)  # and is left open
        browser = oauth.http.cookies["ocg_login"]
        await oauth.flush_audit()
        for event in oauth.events:
            log_audit(event)
    secrets = {
        "key": OWNER_KEY,
        "wrong key": "a-wrong-key-that-was-tried",
        "wrong token": "a-wrong-token-that-was-tried",
        "query token": "a-token-in-the-query",
        "code": redirect["code"],
        "state": state,
        "verifier": VERIFIER,
        "cookie": browser,
        "client secret": client_secret,
        **{f"first {name}": tokens[name] for name in ("access_token", "refresh_token")},
        **{f"second {name}": again[name] for name in ("access_token", "refresh_token")},
    }
    keys = json.loads((tmp_path / "onecgw.secrets").read_bytes())
    secrets |= {name: keys[name] for name in ("pepper", "signing", "encryption")}
    files = _contents(tmp_path)
    log = "\n".join(lines).encode()
    assert "onecgw.db" in files
    assert b"consent.allowed" in log
    for name, secret in secrets.items():
        assert secret.encode() not in log, f"{name} is in the log"
        for file, data in files.items():
            assert secret.encode() not in data, f"{name} is in {file}"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
async def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        await oauth.login()
        modes = _modes(tmp_path)
    names = ("onecgw.db", "onecgw.db-wal", "onecgw.db-shm", "onecgw.secrets")
    assert modes == dict.fromkeys(names, 384)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("onecgw.db*")}


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("onecgw.*")}


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_secrets_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.secrets"
    open_secrets(path)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read"):
        open_secrets(path)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version":1,"pepper":"AA=="}', b"\xff"])
def test_a_broken_secrets_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "onecgw.secrets"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError):
        open_secrets(path)
    assert path.read_bytes() == content


async def test_the_database_without_its_secrets_allows_no_login(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
    async with open_oauth(tmp_path) as oauth:
        assert "oauth.other_secrets" not in caplog.messages
    (tmp_path / "onecgw.secrets").unlink()
    async with open_oauth(tmp_path) as oauth:
        assert "oauth.other_secrets" in caplog.messages
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 401
        assert (await oauth.refresh(login)).status_code == 401


async def test_a_restart_keeps_people_logged_in(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
    async with open_oauth(tmp_path) as oauth:
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 200
        assert (await oauth.refresh(login)).status_code == 200
