"""`onecgw grants`: list and revoke logins, deny and allow clients."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from onecgw.cli.database import (
    BY_ADMINISTRATOR,
    AdminTransaction,
    administration_settings,
    open_database,
    run_transaction,
)
from onecgw.cli.language import say
from onecgw.cli.options import config_option, examples
from onecgw.cli.output import format_time, json_option, print_records
from onecgw.oauth.client_registry import PREFIX, parse_configured
from onecgw.oauth.secrets import OAuthSecrets, read_secrets
from onecgw.oauth.storage.client_denylist import (
    DeniedClient,
    allow_client,
    deny_client,
    list_denied_clients,
)
from onecgw.oauth.storage.grant_queries import GrantSummary, list_grants
from onecgw.oauth.storage.grants import revoke_grant
from onecgw.oauth.storage.transactions import drop_transactions
from onecgw.settings import Settings

_GRANT_COLUMNS: Final[dict[str, Callable[[GrantSummary], str]]] = {
    "GRANT": lambda grant: grant.id,
    "SUB": lambda grant: grant.sub,
    "NAME": lambda grant: grant.name,
    "CLIENT": lambda grant: grant.client_name,
    "SINCE": lambda grant: format_time(grant.created_at),
    "UNTIL": lambda grant: format_time(grant.ended_at or grant.expires_at),
    "ENDED": lambda grant: grant.why,
    "SCOPES": lambda grant: grant.scopes,
}
_DENIAL_COLUMNS: Final[dict[str, Callable[[DeniedClient], str]]] = {
    "DENIED": lambda denial: format_time(denial.denied_at),
    "CLIENT": lambda denial: denial.name,
    "CLIENT_ID": lambda denial: denial.client_id,
}


@click.group()
def grants() -> None:
    """List and revoke logins; deny and allow programs."""


@grants.command("list", epilog=examples("onecgw grants list --all"))
@config_option
@click.option("--all", "with_ended", is_flag=True, help="Also those that have ended lately.")
@json_option
def list_all(config: Path | None, *, with_ended: bool, as_json: bool) -> None:
    """Show who is logged in with which program."""
    with open_database(administration_settings(config)) as database:
        found = database.read(lambda db: list_grants(db, now=int(time.time())))
    shown = [
        line
        for line in found
        if line.redeemed_at is not None and (with_ended or line.ended_at is None)
    ]
    print_records(shown, _GRANT_COLUMNS, as_json=as_json)


@grants.command(epilog=examples("onecgw grants revoke --sub demo-owner"))
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
    """Revoke logins at once; the people have to log in again."""
    if sum([sub is not None, client is not None, grant is not None, everything]) != 1:
        raise click.UsageError("one of --sub, --client, --grant and --all is expected")
    if deny and client is None:
        raise click.UsageError("--deny goes with --client")
    settings = administration_settings(config)

    def is_selected(of_sub: str, client_id: str, client_name: str, grant_id: str = "") -> bool:
        return (
            sub in (None, of_sub)
            and client in (None, client_id, client_name)
            and grant in (None, grant_id)
        )

    def run(transaction: AdminTransaction) -> tuple[int, int]:
        """Return the numbers of revoked logins and of denied client_ids."""
        oauth_secrets = read_secrets(settings.secrets_path)
        denied_names, ended_count = _revoke(transaction, oauth_secrets, is_selected)
        if deny and client is not None and _is_client_id(client, settings):
            denied_names.setdefault(client, client)
        if not (denied_names or everything):
            raise click.ClickException("no login fits; see `onecgw grants list --all`")
        if deny:
            _deny(transaction, oauth_secrets, denied_names)
        return ended_count, len(denied_names)

    with open_database(settings) as database:
        ended_count, client_count = run_transaction(database, run)
    say("Logins ended: {count}.", count=ended_count)
    if deny:
        say("client_ids denied: {count}; see `onecgw grants denied`.", count=client_count)


def _revoke(
    transaction: AdminTransaction, oauth_secrets: OAuthSecrets, is_selected: Callable[..., bool]
) -> tuple[dict[str, str], int]:
    """Revoke logins, and drop those that are not complete yet.

    Returns:
        The names of the selected clients by client_id, and the number of revoked logins.
    """
    now = int(time.time())
    found = [
        line
        for line in list_grants(transaction.db, now=now)
        if is_selected(line.sub, line.client_id, line.client_name, line.id)
    ]
    ended = [line for line in found if line.ended_at is None]
    for line in ended:
        revoke_grant(transaction.db, line.id, now=now, why=BY_ADMINISTRATOR)
        facts = {"sub": line.sub, "client": line.client_name, "grant": line.id}
        transaction.record("grant.revoked", **facts, detail=BY_ADMINISTRATOR)
    dropped = drop_transactions(transaction.db, oauth_secrets, is_selected)
    for login in dropped:
        facts = {"sub": login.sub, "client": login.request.client_name}
        transaction.record("consent.denied", **facts, detail=BY_ADMINISTRATOR)
    names = {line.client_id: line.client_name for line in found}
    names |= {login.request.client_id: login.request.client_name for login in dropped}
    return names, len(ended)


def _deny(
    transaction: AdminTransaction, oauth_secrets: OAuthSecrets, names: dict[str, str]
) -> None:
    """Deny clients.

    Args:
        transaction: where it is done.
        oauth_secrets: hashes the ids.
        names: the names of the clients by client_id.
    """
    for client_id, name in names.items():
        deny_client(
            transaction.db,
            oauth_secrets,
            DeniedClient(client_id=client_id, name=name, denied_at=int(time.time())),
        )
        transaction.record("client.denied", client=name, detail=BY_ADMINISTRATOR)


@grants.command(epilog=examples("onecgw grants denied"))
@config_option
@json_option
def denied(config: Path | None, *, as_json: bool) -> None:
    """Show the denied programs."""
    with open_database(administration_settings(config)) as database:
        found = database.read(list_denied_clients)
    print_records(found, _DENIAL_COLUMNS, as_json=as_json)


@grants.command(epilog=examples("onecgw grants allow --client Claude"))
@config_option
@click.option("--client", required=True, help="The program, by its name or client_id.")
def allow(config: Path | None, *, client: str) -> None:
    """Allow a denied program again; its people have to log in again."""

    def run(transaction: AdminTransaction) -> int:
        found = allow_client(transaction.db, client)
        if not found:
            raise click.ClickException(f"{client} is not denied; see `onecgw grants denied`")
        for denial in found:
            transaction.record("client.allowed", client=denial.name, detail=BY_ADMINISTRATOR)
        return len(found)

    with open_database(administration_settings(config)) as database:
        count = run_transaction(database, run)
    say("client_ids let in again: {count}.", count=count)


def _is_client_id(text: str, settings: Settings) -> bool:
    """Whether a text is a client_id, and not a mistyped name of a client."""
    return text.startswith((PREFIX, "https://")) or text in parse_configured(settings.oauth.clients)
