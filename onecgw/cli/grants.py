"""`onecgw grants`: who is logged in with which program, and how to end it."""

import time
from pathlib import Path

import attrs
import click

from onecgw.cli.config import config_option, open_settings
from onecgw.cli.database import BY_ADMINISTRATOR, Change, change, open_store
from onecgw.cli.output import moment, print_json, print_table
from onecgw.oauth.client_registry import PREFIX, parse_configured
from onecgw.oauth.secrets import OAuthSecrets, read_secrets
from onecgw.oauth.storage.client_denylist import (
    DeniedClient,
    allow_client,
    deny_client,
    list_denied_clients,
)
from onecgw.oauth.storage.grant_queries import list_grants
from onecgw.oauth.storage.grants import revoke_grant
from onecgw.oauth.storage.transactions import drop_transactions
from onecgw.settings import Settings


@click.group()
def grants() -> None:
    """List and end logins, and deny programs."""


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
    which = _Which(sub=sub, client=client, grant=grant)

    def transition(to: Change) -> tuple[int, int]:
        """How many logins ended, and how many client_ids were denied."""
        oauth_secrets = read_secrets(settings.secrets_path)
        fitting, ended_count = _end(to, oauth_secrets, which)
        if deny and client is not None and _is_client_id(client, settings):
            fitting.setdefault(client, client)
        if not (fitting or everything):
            raise click.ClickException("no login fits; see `onecgw grants list --all`")
        if deny:
            _deny(to, oauth_secrets, fitting)
        return ended_count, len(fitting)

    with open_store(settings) as store:
        ended_count, client_count = change(store, transition)
    click.echo(f"Logins ended: {ended_count}.")
    if deny:
        click.echo(f"client_ids denied: {client_count}; see `onecgw grants denied`.")


@attrs.frozen(kw_only=True)
class _Which:
    """Which logins are meant; all, if nothing is said."""

    sub: str | None
    client: str | None
    grant: str | None

    def fits(self, sub: str, client_id: str, client_name: str, grant_id: str = "") -> bool:
        return (
            self.sub in (None, sub)
            and self.client in (None, client_id, client_name)
            and self.grant in (None, grant_id)
        )


def _end(to: Change, oauth_secrets: OAuthSecrets, which: _Which) -> tuple[dict[str, str], int]:
    """End logins, also those that have only begun; the clients that were meant, and how many."""
    now = int(time.time())
    found = [
        line
        for line in list_grants(to.db, now=now)
        if which.fits(line.sub, line.client_id, line.client_name, line.id)
    ]
    ended = [line for line in found if line.ended_at is None]
    for line in ended:
        revoke_grant(to.db, line.id, now=now, why=BY_ADMINISTRATOR)
        facts = {"sub": line.sub, "client": line.client_name, "grant": line.id}
        to.tell("grant.revoked", **facts, detail=BY_ADMINISTRATOR)
    dropped = drop_transactions(to.db, oauth_secrets, which.fits)
    for login in dropped:
        facts = {"sub": login.sub, "client": login.request.client_name}
        to.tell("consent.denied", **facts, detail=BY_ADMINISTRATOR)
    names = {line.client_id: line.client_name for line in found}
    names |= {login.request.client_id: login.request.client_name for login in dropped}
    return names, len(ended)


def _deny(to: Change, oauth_secrets: OAuthSecrets, names: dict[str, str]) -> None:
    """Let clients in no more, given by their ids, with their names."""
    for client_id, name in names.items():
        deny_client(
            to.db,
            oauth_secrets,
            DeniedClient(client_id=client_id, name=name, denied_at=int(time.time())),
        )
        to.tell("client.denied", client=name, detail=BY_ADMINISTRATOR)


@grants.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def denied(config: Path | None, *, as_json: bool) -> None:
    """Show the programs that are let in no more."""
    with open_store(open_settings(config)) as store:
        found = store.read(list_denied_clients)
    if as_json:
        print_json(map(attrs.asdict, found))
        return
    rows = [(moment(each.denied_at), each.name, each.client_id) for each in found]
    print_table(("DENIED", "CLIENT", "CLIENT_ID"), rows)


@grants.command()
@config_option
@click.option("--client", required=True, help="The program, by its name or client_id.")
def allow(config: Path | None, *, client: str) -> None:
    """Let a program in again that was denied; its people have to log in again."""

    def transition(to: Change) -> int:
        found = allow_client(to.db, client)
        if not found:
            raise click.ClickException(f"{client} is not denied; see `onecgw grants denied`")
        for denial in found:
            to.tell("client.allowed", client=denial.name, detail=BY_ADMINISTRATOR)
        return len(found)

    with open_store(open_settings(config)) as store:
        count = change(store, transition)
    click.echo(f"client_ids let in again: {count}.")


def _is_client_id(text: str, settings: Settings) -> bool:
    """Whether a text that fits no login is a client_id, and not a name with a slip in it."""
    return text.startswith((PREFIX, "https://")) or text in parse_configured(settings.oauth.clients)
