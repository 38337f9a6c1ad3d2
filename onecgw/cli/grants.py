"""`onecgw grants`: who is logged in with which program, and how to end it."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import attrs
import click

from onecgw.cli.books import open_store, tell
from onecgw.cli.config import config_option, open_settings
from onecgw.cli.table import moment, print_json, print_table
from onecgw.oauth.clients import deny_client
from onecgw.oauth.grants import GrantLine, list_grants, revoke_grant
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
    shown = [line for line in found if with_ended or line.ended_at is None]
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
    fits = _fitting(sub=sub, client=client, grant=grant)
    settings = open_settings(config)
    now = int(time.time())
    with open_store(settings) as store:
        found = store.read(lambda db: list_grants(db, now=now))
        ended = [line for line in found if line.ended_at is None and fits(line)]
        for line in ended:
            store.write_here(partial(revoke_grant, grant_id=line.id, now=now, why=_WHY))
            tell(
                store,
                "grant.revoked",
                sub=line.sub,
                client=line.client_name,
                grant=line.id,
                detail=_WHY,
            )
        if deny:
            vault = open_vault(settings.secrets_path)
            for client_id in {client or ""} | {line.client_id for line in found if fits(line)}:
                client_hash = vault.hash(client_id)
                store.write_here(partial(deny_client, client_hash=client_hash, now=now))
            tell(store, "client.denied", client=client or "")
    click.echo(f"{len(ended)} logins have ended.")


def _fitting(
    *, sub: str | None, client: str | None, grant: str | None
) -> Callable[[GrantLine], bool]:
    if sub is not None:
        return lambda line: line.sub == sub
    if client is not None:
        return lambda line: client in (line.client_name, line.client_id)
    if grant is not None:
        return lambda line: line.id == grant
    return lambda _: True
