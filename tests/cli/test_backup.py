"""`onecgw backup` and `onecgw restore`, with a gateway beside them."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from onecgw.storage.database import Database
from tests.builders.command_line import run, write_settings

LOCAL = "oauth: {public_url: 'https://mcp.example.org', keys: local}\n"
SCOPES = ("--scopes", "mcp:resolve")

pytestmark = pytest.mark.usefixtures("log_is_given_back")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings whose database holds one key."""
    (tmp_path / "one").mkdir()
    path = write_settings(tmp_path / "one", "http://127.0.0.1:9/hs", LOCAL)
    assert run("keys", "add", "--name", "Olena", *SCOPES, "--config", path).exit_code == 0
    return path


def names_of_keys(config: Path) -> list[str]:
    done = run("keys", "list", "--json", "--config", config)
    return sorted(json.loads(line)["name"] for line in done.stdout.splitlines())


def test_a_backup_that_is_made_while_others_write_is_restored_elsewhere(
    tmp_path: Path, config: Path
) -> None:
    archive = tmp_path / "backup.tar"
    running = Database(config.parent / "data" / "onecgw.db")
    try:
        made = run("backup", archive, "--config", config)
        # In the write-ahead log only, as changes of a running gateway are.
        later = run("keys", "add", "--name", "Petro", *SCOPES, "--config", config)
    finally:
        running.close()
    (tmp_path / "two").mkdir()
    other = write_settings(tmp_path / "two", "http://127.0.0.1:9/hs", LOCAL)
    restored = run("restore", archive, "--config", other)

    assert (made.exit_code, later.exit_code, restored.exit_code) == (0, 0, 0), restored.output
    assert names_of_keys(other) == ["Olena"]
    assert names_of_keys(config) == ["Olena", "Petro"]
    # Another key can be made: the secrets came along.
    assert run("keys", "add", "--name", "Zofia", *SCOPES, "--config", other).exit_code == 0
    secret = (config.parent / "data" / "onecgw.secrets").read_bytes()
    assert (other.parent / "data" / "onecgw.secrets").read_bytes() == secret
    if os.name == "posix":
        assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert sorted(path.name for path in (other.parent / "data").iterdir()) == [
        "onecgw.db",
        "onecgw.secrets",
    ]


def test_a_running_gateway_keeps_its_database(tmp_path: Path, config: Path) -> None:
    archive = tmp_path / "backup.tar"
    run("backup", archive, "--config", config)
    program = (
        "import sys; from pathlib import Path; from onecgw.storage.database import Database\n"
        "database = Database(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", program, str(config.parent / "data" / "onecgw.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as gateway:
        assert gateway.stdout is not None
        assert gateway.stdout.readline() == "open\n"
        refused = run("restore", archive, "--replace", "--config", config)
        gateway.communicate()
    run("keys", "add", "--name", "Petro", *SCOPES, "--config", config)
    without_option = run("restore", archive, "--config", config)
    replaced = run("restore", archive, "--replace", "--config", config)

    assert refused.exit_code == 2
    assert "a gateway runs on" in refused.stderr
    assert without_option.exit_code == 2
    assert "--replace moves it aside" in without_option.stderr
    assert replaced.exit_code == 0, replaced.output
    assert names_of_keys(config) == ["Olena"]
    (kept,) = (config.parent / "data").glob("onecgw.db.replaced-*Z")
    with sqlite3.connect(kept) as connection:
        assert connection.execute("SELECT count(*) FROM keys").fetchone() == (2,)
    connection.close()


def test_an_archive_of_a_newer_version_is_refused_before_anything_changes(
    tmp_path: Path, config: Path
) -> None:
    database = config.parent / "data" / "onecgw.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    refused_backup = run("backup", tmp_path / "newer.tar", "--config", config)

    assert refused_backup.exit_code == 2
    assert "has schema 999, and this version of onecgw knows" in refused_backup.stderr
    assert not (tmp_path / "newer.tar").exists()


@pytest.mark.parametrize("at", [700, 20_000, -1])
def test_a_damaged_archive_is_refused_before_anything_changes(
    tmp_path: Path, config: Path, at: int
) -> None:
    archive = tmp_path / "backup.tar"
    run("backup", archive, "--config", config)
    with tarfile.open(archive) as opened:
        member = opened.getmember("onecgw.db")
    content = bytearray(archive.read_bytes())
    if at == -1:
        content = content[: member.offset_data + member.size // 2]
    else:
        content[at if at < member.offset else member.offset_data + at] ^= 0xFF
    archive.write_bytes(content)

    done = run("restore", archive, "--replace", "--config", config)

    assert done.exit_code == 2, done.output
    assert names_of_keys(config) == ["Olena"]


def test_something_else_is_no_archive(tmp_path: Path, config: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes", encoding="utf-8")

    done = run("restore", tmp_path / "notes.txt", "--replace", "--config", config)

    assert done.exit_code == 2
    assert "is not an archive of `onecgw backup`" in done.stderr


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    config = write_settings(tmp_path, "http://127.0.0.1:9/hs", LOCAL)

    done = run("backup", tmp_path / "backup.tar", "--config", config)

    assert done.exit_code == 2
    assert "there is nothing to back up" in done.stderr
