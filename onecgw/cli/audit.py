"""`onecgw audit`: print the audit."""

import re
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import click

from onecgw.cli.database import administration_settings, open_database
from onecgw.cli.options import config_option, examples
from onecgw.cli.output import json_option, print_json
from onecgw.oauth.storage.grant_queries import list_names
from onecgw.observability.logging import quoted
from onecgw.settings import Duration
from onecgw.settings.rules import duration
from onecgw.storage.audit_query import AuditQuery, read_audit

FOLLOW_SECONDS: Final = 1
_HEAD: Final = ("id", "ts", "sub", "name", "event", "client")
_PLAIN: Final = re.compile(r"[\w.:/@()+-]+( [\w.:/@()+-]+)*")
_SINCE = duration("1s", "3650d")


@click.command(epilog=examples("onecgw audit --since today", "onecgw audit --event key.ok --json"))
@config_option
@click.option(
    "--since",
    help="today, yesterday, a duration such as 24h, or a moment such as 2026-11-21T08:00.",
)
@click.option("--sub", help="Only this account.")
@click.option("--event", help="Only this event, as call or key.ok; with a dot at its end a kind.")
@json_option
@click.option("--follow", is_flag=True, help="Go on with new records, until Ctrl+C.")
def audit(
    config: Path | None,
    *,
    since: str | None,
    sub: str | None,
    event: str | None,
    as_json: bool,
    follow: bool,
) -> None:
    """Show the audit: calls of tools and events of logins."""
    query = AuditQuery(since=None if since is None else _read_since(since), sub=sub, event=event)
    with open_database(administration_settings(config)) as database:
        while True:
            found = database.read(partial(_read, query=query))
            if as_json:
                print_json(found)
            else:
                for record in found:
                    click.echo(_line(record))
            if not follow:
                return
            if found:
                query = attrs.evolve(query, after_id=found[-1]["id"])
            time.sleep(FOLLOW_SECONDS)


def _read(db: sqlite3.Connection, query: AuditQuery) -> list[dict[str, Any]]:
    names = list_names(db)
    return [{**record, "name": names.get(record["sub"], "")} for record in read_audit(db, query)]


def _line(record: dict[str, Any]) -> str:
    """`2026-11-21T08:00:00.000Z owner Olena call Claude tool=sales_report code=ok …`."""
    rest = " ".join(
        f"{name}={quoted(value)}"
        for name, value in record.items()
        if name not in _HEAD and value not in ("", None)
    )
    head = (record["sub"], record["name"], record["event"], record["client"])
    # A name may contain spaces, but nothing that looks like another column, pair or line.
    shown = (text if _PLAIN.fullmatch(text) else quoted(text) if text else "-" for text in head)
    return f"{record['ts']}  {'  '.join(shown)}  {rest}".rstrip()


def _read_since(text: str) -> datetime:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    if text == "today":
        return midnight
    if text == "yesterday":
        return midnight - timedelta(days=1)
    if (normal := _SINCE.normal(text)) is not None:
        return datetime.now(UTC) - timedelta(seconds=Duration(normal).seconds)
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        message = "today, yesterday, 24h or 2026-11-21T08:00 is expected"
        raise click.BadParameter(message, param_hint="--since") from None
