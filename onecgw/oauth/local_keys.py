"""Access keys of the gateway itself, for `oauth.keys: local`: made, listed, revoked, checked."""

import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Final

import attrs

from onecgw.auth.key_verification import CheckKey, InvalidKey, KeyVerdict, UncheckedKey, ValidKey
from onecgw.errors import StorageUnavailable
from onecgw.oauth.grants import Grant, find_grants_of_key, revoke_grant
from onecgw.oauth.scopes import join_scopes, split_scopes
from onecgw.oauth.secrets import KEY, Vault
from onecgw.storage.database import Database

ID_BYTES: Final = 4
KEY_REVOKED: Final = "the key was revoked"


@attrs.frozen(kw_only=True)
class LocalKey:
    """An access key as the gateway knows it; the key itself is not kept.

    Instants are seconds since the epoch. expires_at, revoked_at: None = not.
    """

    id: str
    sub: str
    name: str
    scopes: frozenset[str]
    created_at: int
    expires_at: int | None
    revoked_at: int | None


def add_key(
    db: sqlite3.Connection,
    vault: Vault,
    *,
    name: str,
    scopes: frozenset[str],
    now: int,
    expires_at: int | None = None,
) -> tuple[LocalKey, str]:
    """Make a key for a person; this is the only time that it can be seen."""
    key = vault.mint(KEY)
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
    db.execute(
        "INSERT INTO keys (id, hash, sub, name, scopes, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key_id, vault.hash(key, "key"), made.sub, name, join_scopes(scopes), now, expires_at),
    )
    return made, key


def list_keys(db: sqlite3.Connection) -> list[LocalKey]:
    """Every key, the oldest first."""
    return [_key_of(row) for row in db.execute("SELECT * FROM keys ORDER BY created_at, id")]


def revoke_key(
    db: sqlite3.Connection, key_id: str, *, now: int
) -> tuple[LocalKey, list[Grant]] | None:
    """End a key and every login made or begun with it; None if there is no such key.

    Returns:
        The key and the logins that ended with it.
    """
    row = db.execute("SELECT * FROM keys WHERE id = ?", (key_id,)).fetchone()
    if row is None:
        return None
    db.execute("UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", (now, key_id))
    found = find_grants_of_key(db, row["hash"])
    ended = [grant for grant in found if revoke_grant(db, grant.id, now=now, why=KEY_REVOKED)]
    db.execute("DELETE FROM transactions WHERE key_hash = ?", (row["hash"],))
    return _key_of(row), ended


def is_key_revoked(db: sqlite3.Connection, key_hash: bytes) -> bool:
    """Whether a key of the gateway's own was ended; one of 1C's never is, as far as is known."""
    found = db.execute(
        "SELECT 1 FROM keys WHERE hash = ? AND revoked_at IS NOT NULL", (key_hash,)
    ).fetchone()
    return found is not None


def make_local_check(
    store: Database, vault: Vault, *, now: Callable[[], float] = time.time
) -> CheckKey:
    """What tells whose a key is, from the gateway's own database."""

    async def check(key: str, request_id: str) -> KeyVerdict:  # noqa: ARG001 - as 1C is asked
        key_hash = vault.hash(key, "key")
        try:
            row = store.read(
                lambda db: db.execute("SELECT * FROM keys WHERE hash = ?", (key_hash,)).fetchone()
            )
        except StorageUnavailable as error:
            return UncheckedKey(error=error)
        if row is None:
            return InvalidKey()
        known = _key_of(row)
        has_expired = known.expires_at is not None and known.expires_at <= now()
        if has_expired or known.revoked_at is not None:
            return InvalidKey()
        return ValidKey(sub=known.sub, name=known.name, scopes=known.scopes)

    return check


def _key_of(row: sqlite3.Row) -> LocalKey:
    return LocalKey(
        id=row["id"],
        sub=row["sub"],
        name=row["name"],
        scopes=split_scopes(row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
