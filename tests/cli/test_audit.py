"""`onecgw audit`: what a program calls itself cannot be taken for another column, pair or line."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onecgw.storage.audit_log import AuditEvent, insert_event
from onecgw.storage.database import Database
from tests.builders.command_line import run, write_settings

pytestmark = pytest.mark.usefixtures("log_is_given_back")
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("client", "shown"),
    [
        ("Claude Code (2.1)", "Claude Code (2.1)"),
        ("Бухгалтерія", "Бухгалтерія"),
        ("", "-"),
        ("Claude  key.ok  owner", '"Claude  key.ok  owner"'),
        ("Claude ip=10.0.0.1", '"Claude ip=10.0.0.1"'),
        ("a\n2026-11-21T08:00:00.000Z  owner", r'"a\n2026-11-21T08:00:00.000Z  owner"'),
        ('a"b', r'"a\"b"'),
        (" a", '" a"'),
        ("a\u202eb\x1b[2J", r'"a\u202eb\u001b[2J"'),
    ],
)
def test_a_name_that_a_program_gave_itself_is_quoted_unless_it_is_plain(
    tmp_path: Path, client: str, shown: str
) -> None:
    path = tmp_path / "onecgw.db"
    event = AuditEvent(ts=AT, event="key.wrong", request_id="r", client=client, ip="192.0.2.1")
    with contextlib.closing(Database(path)) as database:
        database.write_here(lambda db: insert_event(db, event))
    static = "oauth: {enabled: false}\napi: {bearer_token: abababababababab}\n"
    more = f"{static}database: {{path: '{path}'}}\n"
    config = write_settings(tmp_path, "http://1c.example.org/hs", more)

    done = run("audit", "--config", config)

    line = f"2026-11-21T08:00:00.000Z  -  -  key.wrong  {shown}  request_id=r ip=192.0.2.1\n"
    assert (done.exit_code, done.stdout) == (0, line)
