"""Authorization codes, access tokens and refresh tokens; only their hashes are stored."""

import sqlite3
from typing import Final

import attrs

from onecgw.oauth.scopes import join_scopes, split_scopes
from onecgw.oauth.storage.grants import (
    GRANT_COLUMNS,
    Grant,
    find_grant,
    make_grant,
    revoke_grant,
)
from onecgw.storage.rows import insert_row

_FIND_ACCESS: Final = (
    f"SELECT {GRANT_COLUMNS}, tokens.scopes, seen_at"  # noqa: S608 - a constant
    " FROM tokens JOIN grants ON grants.id = grant_id"
    " WHERE hash = ? AND kind = 'access' AND tokens.expires_at > ?"
    " AND revoked_at IS NULL AND grants.expires_at > ?"
)


@attrs.frozen(kw_only=True)
class Code:
    """An authorization code. used_at: None before its first use."""

    hash: bytes
    grant_id: str
    redirect_uri: str
    challenge: str
    expires_at: int
    used_at: int | None = None
    wrong_verifiers: int = 0


@attrs.frozen(kw_only=True)
class RefreshToken:
    """A stored refresh token.

    rotated_at, salt: None before its first use. seen_at: when the client was known to have it;
        None if it may have been lost on the way.
    """

    grant_id: str
    expires_at: int
    rotated_at: int | None
    salt: bytes | None
    seen_at: int | None


@attrs.frozen(kw_only=True)
class AccessToken:
    """A valid access token. is_new: it has not been used before."""

    grant: Grant
    scopes: frozenset[str]
    is_new: bool


def insert_code(db: sqlite3.Connection, code: Code) -> None:
    """Insert a new code."""
    insert_row(db, "codes", attrs.asdict(code))


def find_code(db: sqlite3.Connection, code_hash: bytes) -> Code | None:
    """A code in any state."""
    row = db.execute("SELECT * FROM codes WHERE hash = ?", (code_hash,)).fetchone()
    return None if row is None else Code(**row)


def mark_code_used(db: sqlite3.Connection, code: Code, *, now: int, grant_expires_at: int) -> None:
    """Use a code up; its grant begins."""
    db.execute("UPDATE codes SET used_at = ? WHERE hash = ?", (now, code.hash))
    db.execute(
        "UPDATE grants SET redeemed_at = ?, expires_at = ? WHERE id = ?",
        (now, grant_expires_at, code.grant_id),
    )


def count_wrong_verifier(db: sqlite3.Connection, code: Code, *, is_last: bool) -> None:
    """Count a wrong PKCE verifier; with the last one allowed, the code expires."""
    db.execute(
        "UPDATE codes SET wrong_verifiers = wrong_verifiers + 1, expires_at = iif(?, 0, expires_at)"
        " WHERE hash = ?",
        (is_last, code.hash),
    )


def insert_refresh(
    db: sqlite3.Connection, token_hash: bytes, grant: Grant, *, expires_at: int
) -> None:
    """Insert a refresh token, which does not outlive its grant."""
    db.execute(
        "INSERT INTO tokens (hash, kind, grant_id, scopes, expires_at)"
        " VALUES (?, 'refresh', ?, ?, ?)",
        (token_hash, grant.id, join_scopes(grant.scopes), min(expires_at, grant.expires_at)),
    )


def insert_access(
    db: sqlite3.Connection,
    token_hash: bytes,
    grant: Grant,
    *,
    scopes: frozenset[str],
    expires_at: int,
    refresh_hash: bytes,
) -> None:
    """Insert an access token, which does not outlive its grant.

    refresh_hash: of the refresh token in the same response.
    """
    ends_at = min(expires_at, grant.expires_at)
    db.execute(
        "INSERT INTO tokens (hash, kind, grant_id, scopes, expires_at, refresh_hash)"
        " VALUES (?, 'access', ?, ?, ?, ?)",
        (token_hash, grant.id, join_scopes(scopes), ends_at, refresh_hash),
    )


def find_access(db: sqlite3.Connection, token_hash: bytes, *, now: int) -> AccessToken | None:
    """An access token that is valid, as is its grant. One statement: it runs for every call."""
    row = db.execute(_FIND_ACCESS, (token_hash, now, now)).fetchone()
    if row is None:
        return None
    *_, scopes, seen_at = row
    return AccessToken(grant=make_grant(row), scopes=split_scopes(scopes), is_new=seen_at is None)


def find_refresh(db: sqlite3.Connection, token_hash: bytes) -> RefreshToken | None:
    """A refresh token in any state."""
    row = db.execute(
        "SELECT grant_id, expires_at, rotated_at, salt, seen_at FROM tokens"
        " WHERE hash = ? AND kind = 'refresh'",
        (token_hash,),
    ).fetchone()
    return None if row is None else RefreshToken(**row)


def find_grant_of_refresh(db: sqlite3.Connection, token_hash: bytes, *, now: int) -> Grant | None:
    """The grant of a refresh token, if both are valid."""
    token = find_refresh(db, token_hash)
    if token is None or token.expires_at <= now:
        return None
    grant = find_grant(db, token.grant_id)
    return None if grant is None or grant.expires_at <= now else grant


def rotate_refresh(db: sqlite3.Connection, token_hash: bytes, salt: bytes, *, now: int) -> None:
    """Record that a refresh token was exchanged; the client had it, so it was seen."""
    db.execute(
        "UPDATE tokens SET rotated_at = :now, salt = :salt, seen_at = coalesce(seen_at, :now)"
        " WHERE hash = :hash",
        {"now": now, "salt": salt, "hash": token_hash},
    )


def confirm_access(db: sqlite3.Connection, token_hash: bytes, *, now: int) -> None:
    """Record that an access token was used: the refresh token sent with it has arrived too."""
    db.execute(
        "UPDATE tokens SET seen_at = :now WHERE seen_at IS NULL AND"
        " (hash = :hash OR hash = (SELECT refresh_hash FROM tokens WHERE hash = :hash))",
        {"now": now, "hash": token_hash},
    )


def revoke_token(
    db: sqlite3.Connection, token_hash: bytes, client_id: str, *, now: int
) -> Grant | None:
    """Revoke a refresh token with its grant, or an access token alone (RFC 7009).

    Returns:
        The token's grant; None if this client has no such token.
    """
    token = db.execute("SELECT kind, grant_id FROM tokens WHERE hash = ?", (token_hash,)).fetchone()
    grant = None if token is None else find_grant(db, token["grant_id"])
    if grant is None or grant.client_id != client_id:
        return None
    if token["kind"] == "refresh":
        revoke_grant(db, grant.id, now=now, why="revoked by the client")
    else:
        db.execute("DELETE FROM tokens WHERE hash = ?", (token_hash,))
    return grant
