"""Access keys of the gateway itself, for `oauth.keys: local`."""

import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Final

import attrs

from onecgw.auth.key_verification import InvalidKey, KeyVerdict, UncheckedKey, ValidKey, VerifyKey
from onecgw.errors import StorageUnavailable
from onecgw.oauth.scopes import join_scopes, split_scopes
from onecgw.oauth.secrets import KEY, OAuthSecrets
from onecgw.oauth.storage.grants import Grant, find_grants_of_key, revoke_grant
from onecgw.storage.database import Database
from onecgw.storage.rows import insert_row

ID_BYTES: Final = 4
KEY_REVOKED: Final = "the key was revoked"
_SELECT: Final = "SELECT id, sub, name, scopes, created_at, expires_at, revoked_at FROM keys"


@attrs.frozen(kw_only=True)
class LocalKey:
    """What is stored of an access key; the key itself is not. Instants: seconds since the epoch."""

    id: str
    sub: str
    name: str
    scopes: frozenset[str]
    created_at: int
    expires_at: int | None
    revoked_at: int | None


def add_key(
    db: sqlite3.Connection,
    oauth_secrets: OAuthSecrets,
    *,
    name: str,
    scopes: frozenset[str],
    now: int,
    expires_at: int | None = None,
) -> tuple[LocalKey, str]:
    """Make a key for a person.

    Returns:
        The record and the key, which cannot be read again.
    """
    key = oauth_secrets.new_token(KEY)
    key_id = secrets.token_hex(ID_BYTES)
    made = LocalKey(
        id=key_id,
        sub=f"key-{key_id}",
        name=name,
        scopes=scopes,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    stored = {"hash": oauth_secrets.hash(key, "key"), "scopes": join_scopes(scopes)}
    insert_row(db, "keys", attrs.asdict(made) | stored)
    return made, key


def list_keys(db: sqlite3.Connection) -> list[LocalKey]:
    """Every key, the oldest first."""
    return [_make_key(row) for row in db.execute(f"{_SELECT} ORDER BY created_at, id")]


def revoke_key(
    db: sqlite3.Connection, key_id: str, *, now: int
) -> tuple[LocalKey, list[Grant]] | None:
    """Revoke a key and every login that was made or begun with it.

    Returns:
        The key and the grants that were revoked with it; None if there is no such key.
    """
    found = db.execute(
        "UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? RETURNING hash",
        (now, key_id),
    ).fetchone()
    if found is None:
        return None
    grants = find_grants_of_key(db, found["hash"])
    revoked = [grant for grant in grants if revoke_grant(db, grant.id, now=now, why=KEY_REVOKED)]
    db.execute("DELETE FROM transactions WHERE key_hash = ?", (found["hash"],))
    row = db.execute(f"{_SELECT} WHERE id = ?", (key_id,)).fetchone()
    return _make_key(row), revoked


def is_key_revoked(db: sqlite3.Connection, key_hash: bytes) -> bool:
    """Whether a local key was revoked; False for a key of 1C."""
    found = db.execute(
        "SELECT 1 FROM keys WHERE hash = ? AND revoked_at IS NOT NULL", (key_hash,)
    ).fetchone()
    return found is not None


def make_local_verification(
    store: Database, oauth_secrets: OAuthSecrets, *, now: Callable[[], float] = time.time
) -> VerifyKey:
    """A function that verifies keys against the gateway's own database."""

    async def check(key: str, request_id: str) -> KeyVerdict:  # noqa: ARG001 - as VerifyKey demands
        key_hash = oauth_secrets.hash(key, "key")
        try:
            row = store.read(
                lambda db: db.execute(f"{_SELECT} WHERE hash = ?", (key_hash,)).fetchone()
            )
        except StorageUnavailable as error:
            return UncheckedKey(error=error)
        if row is None:
            return InvalidKey()
        found = _make_key(row)
        has_expired = found.expires_at is not None and found.expires_at <= now()
        if has_expired or found.revoked_at is not None:
            return InvalidKey()
        return ValidKey(sub=found.sub, name=found.name, scopes=found.scopes)

    return check


def _make_key(row: sqlite3.Row) -> LocalKey:
    values = dict(row)
    return LocalKey(scopes=split_scopes(values.pop("scopes")), **values)
