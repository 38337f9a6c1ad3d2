"""`onecgw keys`: add, list and revoke local access keys (`oauth.keys: local`)."""

import time
import unicodedata
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from onecgw.auth.caller import ALL_SCOPES
from onecgw.cli.database import (
    BY_ADMINISTRATOR,
    AdminTransaction,
    administration_settings,
    create_database,
    open_database,
    run_transaction,
)
from onecgw.cli.language import say
from onecgw.cli.options import config_option, examples
from onecgw.cli.output import format_time, json_option, print_records
from onecgw.errors import ConfigError
from onecgw.oauth.client import MAX_NAME_CHARACTERS
from onecgw.oauth.scopes import join_scopes
from onecgw.oauth.secrets import open_secrets, read_secrets
from onecgw.oauth.storage.grant_queries import has_logins
from onecgw.oauth.storage.grants import audit_facts
from onecgw.oauth.storage.local_keys import KEY_REVOKED, LocalKey, add_key, list_keys, revoke_key
from onecgw.settings import Duration
from onecgw.settings.rules import duration

_EXPIRY = duration("1m", "3650d")


@click.group()
def keys() -> None:
    """Make, list and revoke access keys (with oauth.keys: local)."""


@keys.command(epilog=examples("onecgw keys add --name Olena --scopes mcp:resolve,mcp:report:sales"))
@config_option
@click.option("--name", required=True, help="Whose key it is; shown to them and in the audit.")
@click.option(
    "--scopes", required=True, help=f"What it opens, comma separated: {', '.join(ALL_SCOPES)}."
)
@click.option("--expires", help="A duration such as 90d, or a day such as 2027-12-31.")
def add(config: Path | None, name: str, scopes: str, expires: str | None) -> None:
    """Make a key and show it, this once.

    On a first install this may be before the gateway's first start: the database is made then.
    """
    settings = administration_settings(config)
    if settings.oauth.keys != "local":
        raise ConfigError("oauth.keys is onec: keys are made in 1C. Set oauth.keys: local.")
    name, wanted = _read_name(name), _read_scopes(scopes)
    now = int(time.time())
    expires_at = None if expires is None else _read_expiry(expires, now)

    def run(transaction: AdminTransaction) -> tuple[LocalKey, str]:
        # With new secrets all existing keys and logins would silently become invalid.
        open_or_read = read_secrets if has_logins(transaction.db) else open_secrets
        oauth_secrets = open_or_read(settings.secrets_path)
        added, key = add_key(
            transaction.db, oauth_secrets, name=name, scopes=wanted, now=now, expires_at=expires_at
        )
        transaction.record("key.added", sub=added.sub, detail=join_scopes(wanted))
        return added, key

    with create_database(settings) as database:
        made, key = run_transaction(database, run)
    click.echo(key)
    say(
        "Key {id} of {name}: {scopes}. It is not shown again; hand it over in a safe way.",
        err=True,
        id=made.id,
        name=name,
        scopes=join_scopes(wanted),
    )


@keys.command("list", epilog=examples("onecgw keys list --json"))
@config_option
@json_option
def list_all(config: Path | None, as_json: bool) -> None:
    """Show every key's data; the keys themselves are not stored."""
    with open_database(administration_settings(config)) as database:
        found = database.read(list_keys)
    now = int(time.time())
    columns: dict[str, Callable[[LocalKey], str]] = {
        "ID": lambda key: key.id,
        "STATE": lambda key: _state(key, now),
        "MADE": lambda key: format_time(key.created_at),
        "EXPIRES": lambda key: format_time(key.expires_at),
        "NAME": lambda key: key.name,
        "SCOPES": lambda key: join_scopes(key.scopes),
    }
    print_records(found, columns, as_json=as_json)


@keys.command(epilog=examples("onecgw keys revoke 7QHD2M"))
@config_option
@click.argument("key_id")
def revoke(config: Path | None, key_id: str) -> None:
    """Revoke a key and every login made with it, at once."""

    def run(transaction: AdminTransaction) -> LocalKey:
        found = revoke_key(transaction.db, key_id, now=int(time.time()))
        if found is None:
            raise click.ClickException(f"there is no key {key_id}; see `onecgw keys list`")
        key, grants = found
        transaction.record("key.revoked", sub=key.sub, detail=BY_ADMINISTRATOR)
        for grant in grants:
            transaction.record("grant.revoked", **audit_facts(grant), detail=KEY_REVOKED)
        return key

    with open_database(administration_settings(config)) as database:
        ended = run_transaction(database, run)
    say("Key {id} of {name} and its logins have ended.", id=key_id, name=ended.name)


def _read_name(text: str) -> str:
    name = unicodedata.normalize("NFC", text).strip()
    # Categories C* are control characters, and direction signs that make a name look like another
    # one. Zl and Zp are line and paragraph separators.
    kinds = {unicodedata.category(character) for character in name}
    is_plain = kinds.isdisjoint({"Zl", "Zp"}) and all(kind[0] != "C" for kind in kinds)
    if not is_plain or not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        message = (
            f"a name of 1 to {MAX_NAME_CHARACTERS} characters without control and direction signs"
            ' is expected, such as "Olena, sales"'
        )
        raise click.BadParameter(message, param_hint="--name")
    return name


def _read_scopes(text: str) -> frozenset[str]:
    wanted = frozenset(part.strip() for part in text.split(",") if part.strip())
    if unknown := sorted(wanted - frozenset(ALL_SCOPES)):
        message = f"{', '.join(unknown)}: not a scope; there are {', '.join(ALL_SCOPES)}"
        raise click.BadParameter(message, param_hint="--scopes")
    if not wanted:
        raise click.BadParameter("at least one is expected", param_hint="--scopes")
    return wanted


def _read_expiry(text: str, now: int) -> int:
    if (normal := _EXPIRY.normal(text)) is not None:
        return now + Duration(normal).seconds
    try:
        expires_at = int(datetime.fromisoformat(text).astimezone().timestamp())
    except ValueError:
        message = "a duration such as 90d or a day such as 2027-12-31 is expected"
        raise click.BadParameter(message, param_hint="--expires") from None
    if expires_at <= now:
        raise click.BadParameter("this lies in the past", param_hint="--expires")
    return expires_at


def _state(key: LocalKey, now: int) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "valid"
