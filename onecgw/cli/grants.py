"""`onecgw grants`: who is logged in with which program, and how to end it."""

import sqlite3
import time
from pathlib import Path

import attrs
import click

from onecgw.cli.books import open_store, tell
from onecgw.cli.config import config_option, open_settings
from onecgw.cli.table import moment, print_json, print_table
from onecgw.oauth.clients import deny_client
from onecgw.oauth.grants import list_grants, revoke_grant
from onecgw.oauth.login import drop_consents
from onecgw.oauth.vault import open_vault

_WHY = "by the administrator"


@click.group()
def grants() -> None:
    """List and end logins."""


@grants.command("list")
@config_option
@click.option("--all", "with_ended", is_flag=True, help="Also those that have ended lately.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_all(config: Path | None, *, with_ended: bool, as_json: bool) -> None:
    """Show who is logged in with which program."""
    with open_store(open_settings(config)) as store:
        found = store.read(lambda db: list_grants(db, now=int(time.time())))
    shown = [
        line
        for line in found
        if line.redeemed_at is not None and (with_ended or line.ended_at is None)
    ]
    if as_json:
        print_json(map(attrs.asdict, shown))
        return
    rows = [
        (
            line.id,
            line.sub,
            line.name,
            line.client_name,
            moment(line.created_at),
            moment(line.ended_at or line.expires_at),
            line.why,
            line.scopes,
        )
        for line in shown
    ]
    print_table(("GRANT", "SUB", "NAME", "CLIENT", "SINCE", "UNTIL", "ENDED", "SCOPES"), rows)


@grants.command()
@config_option
@click.option("--sub", help="All logins of an account.")
@click.option("--client", help="All logins of a program, by its name or client_id.")
@click.option("--grant", help="One login.")
@click.option("--all", "everything", is_flag=True, help="Every login.")
@click.option("--deny", is_flag=True, help="With --client: let its client_ids in no more.")
def revoke(
    config: Path | None,
    *,
    sub: str | None,
    client: str | None,
    grant: str | None,
    everything: bool,
    deny: bool,
) -> None:
    """End logins at once; the people have to log in again."""
    if sum([sub is not None, client is not None, grant is not None, everything]) != 1:
        raise click.UsageError("one of --sub, --client, --grant and --all is expected")
    if deny and client is None:
        raise click.UsageError("--deny goes with --client")
    settings = open_settings(config)
    now = int(time.time())
    vault = open_vault(settings.secrets_path)

    def fits(line_sub: str, client_id: str, client_name: str, grant_id: str = "") -> bool:
        return (
            everything
            or (sub is not None and line_sub == sub)
            or (client is not None and client in (client_id, client_name))
            or (grant is not None and grant_id == grant)
        )

    def transition(db: sqlite3.Connection) -> tuple[int, bool]:
        """How many logins ended, and whether anything fitted."""
        found = [
            line
            for line in list_grants(db, now=now)
            if fits(line.sub, line.client_id, line.client_name, line.id)
        ]
        ended = [line for line in found if line.ended_at is None]
        for line in ended:
            revoke_grant(db, line.id, now=now, why=_WHY)
            facts = {"sub": line.sub, "client": line.client_name, "grant": line.id}
            tell(db, "grant.revoked", **facts, detail=_WHY)
        dropped = drop_consents(db, vault, fits)
        if deny:
            for client_id in {client or ""} | {line.client_id for line in found}:
                deny_client(db, vault.hash(client_id), now=now)
            tell(db, "client.denied", client=client or "")
        return len(ended), bool(found or dropped or everything or deny)

    with open_store(settings) as store:
        count, has_found = store.write_here(transition)
    if not has_found:
        raise click.ClickException("no login fits; see `onecgw grants list --all`")
    click.echo(f"{count} logins have ended.")
