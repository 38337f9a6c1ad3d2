"""Logins and their tokens as the database keeps them; each function is part of a transaction."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import attrs

from onecgw.oauth.scopes import join_scopes, split_scopes

KEPT_SECONDS: Final = 30 * 24 * 3600
"""How long an ended grant is still listed."""


@attrs.frozen(kw_only=True)
class Grant:
    """One login of one person in one client.

    scopes: what the person ticked. entitled: what the account may see, as last verified.
    """

    id: str
    sub: str
    name: str
    client_id: str
    client_name: str
    resource: str
    scopes: frozenset[str]
    entitled: frozenset[str]
    key_hash: bytes
    key_box: bytes
    expires_at: int
    verified_at: int

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Grant":
        """The grant in the columns of _GRANT."""
        # By position: it is read for every call of a tool.
        return cls(
            id=row[0],
            sub=row[1],
            name=row[2],
            client_id=row[3],
            client_name=row[4],
            resource=row[5],
            scopes=split_scopes(row[6]),
            entitled=split_scopes(row[7]),
            key_hash=row[8],
            key_box=row[9],
            expires_at=row[10],
            verified_at=row[11],
        )

    def unverified_seconds(self, now: int) -> int:
        """How long ago the key behind it was verified.

        By a clock that was put back an instant lies ahead: it counts as far away as one behind, or
        else nobody would be asked until the clock comes there again.
        """
        return abs(now - self.verified_at)


def facts_of(grant: Grant) -> dict[str, str]:
    """What the audit says of a grant."""
    return {"sub": grant.sub, "client": grant.client_name, "grant": grant.id}


_GRANT: Final = (
    "grants.id, sub, name, client_id, client_name, resource, grants.scopes, entitled, key_hash,"
    " key_box, grants.expires_at, verified_at"
)
_FIND_ANY_GRANT: Final = f"SELECT {_GRANT} FROM grants WHERE id = ?"  # noqa: S608 - our own text
_FIND_GRANT: Final = f"{_FIND_ANY_GRANT} AND revoked_at IS NULL"
_FIND_NEWEST_GRANT: Final = (
    f"SELECT {_GRANT} FROM grants WHERE revoked_at IS NULL ORDER BY created_at DESC LIMIT 1"  # noqa: S608 - our own text
)
_FIND_BY_KEY: Final = f"SELECT {_GRANT} FROM grants WHERE key_hash = ?"  # noqa: S608 - our own text
_FIND_ACCESS: Final = (
    f"SELECT {_GRANT}, tokens.scopes, seen_at FROM tokens JOIN grants ON grants.id = grant_id"  # noqa: S608 - our own text
    " WHERE hash = ? AND kind = 'access' AND tokens.expires_at > ?"
    " AND revoked_at IS NULL AND grants.expires_at > ?"
)


def insert_grant(db: sqlite3.Connection, grant: Grant, *, created_at: int) -> None:
    """Keep a grant."""
    db.execute(
        "INSERT INTO grants (id, sub, name, client_id, client_name, resource, scopes, entitled,"
        " key_hash, key_box, created_at, expires_at, verified_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            grant.id,
            grant.sub,
            grant.name,
            grant.client_id,
            grant.client_name,
            grant.resource,
            join_scopes(grant.scopes),
            join_scopes(grant.entitled),
            grant.key_hash,
            grant.key_box,
            created_at,
            grant.expires_at,
            grant.verified_at,
        ),
    )


def insert_code(
    db: sqlite3.Connection,
    code_hash: bytes,
    grant: Grant,
    *,
    redirect_uri: str,
    challenge: str,
    expires_at: int,
) -> None:
    """Keep a code, by its hash only."""
    db.execute(
        "INSERT INTO codes (hash, grant_id, redirect_uri, challenge, expires_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (code_hash, grant.id, redirect_uri, challenge, expires_at),
    )


def find_grant(db: sqlite3.Connection, grant_id: str) -> Grant | None:
    """A grant that is not revoked; its expiry is the caller's to judge."""
    row = db.execute(_FIND_GRANT, (grant_id,)).fetchone()
    return None if row is None else Grant.of(row)


def find_any_grant(db: sqlite3.Connection, grant_id: str) -> Grant | None:
    """A grant, be it revoked or not: whose it was, for the audit."""
    row = db.execute(_FIND_ANY_GRANT, (grant_id,)).fetchone()
    return None if row is None else Grant.of(row)


def find_newest_grant(db: sqlite3.Connection) -> Grant | None:
    """The last login that is not revoked."""
    row = db.execute(_FIND_NEWEST_GRANT).fetchone()
    return None if row is None else Grant.of(row)


def find_grants_of_key(db: sqlite3.Connection, key_hash: bytes) -> list[Grant]:
    """The grants behind which a key stands, revoked ones too."""
    return [Grant.of(row) for row in db.execute(_FIND_BY_KEY, (key_hash,)).fetchall()]


def find_token(db: sqlite3.Connection, token_hash: bytes, kind: str) -> sqlite3.Row | None:
    """A token that is kept, whatever its state."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM tokens WHERE hash = ? AND kind = ?", (token_hash, kind)
    ).fetchone()
    return row


@attrs.frozen(kw_only=True)
class Access:
    """A live access token. is_new: it has not been seen before."""

    grant: Grant
    scopes: frozenset[str]
    is_new: bool


def find_access(db: sqlite3.Connection, token_hash: bytes, *, now: int) -> Access | None:
    """A live access token, or None."""
    row = db.execute(_FIND_ACCESS, (token_hash, now, now)).fetchone()
    if row is None:
        return None
    return Access(grant=Grant.of(row), scopes=split_scopes(row[12]), is_new=row[13] is None)


def find_refresh(db: sqlite3.Connection, token_hash: bytes, *, now: int) -> Grant | None:
    """The grant behind a refresh token, if both live."""
    token = find_token(db, token_hash, "refresh")
    if token is None or token["expires_at"] <= now:
        return None
    grant = find_grant(db, token["grant_id"])
    return None if grant is None or grant.expires_at <= now else grant


def confirm_access(db: sqlite3.Connection, token_hash: bytes, *, now: int) -> None:
    """An access token was used: so the refresh token beside it has arrived, too."""
    db.execute(
        "UPDATE tokens SET seen_at = ? WHERE seen_at IS NULL AND"
        " (hash = ? OR hash = (SELECT refresh_hash FROM tokens WHERE hash = ?))",
        (now, token_hash, token_hash),
    )


def record_verified(
    db: sqlite3.Connection, grant_id: str, *, entitled: frozenset[str], verified_at: int
) -> bool:
    """The key behind a grant is still good for these scopes; False if the grant was revoked."""
    done = db.execute(
        "UPDATE grants SET entitled = ?, verified_at = ? WHERE id = ? AND revoked_at IS NULL",
        (join_scopes(entitled), verified_at, grant_id),
    )
    return done.rowcount > 0


def revoke_token(
    db: sqlite3.Connection, token_hash: bytes, client_id: str, *, now: int
) -> Grant | None:
    """RFC 7009: a refresh token ends its grant, an access token ends alone.

    Returns:
        The grant that it was about; None if there is nothing to revoke for this client.
    """
    token = db.execute("SELECT * FROM tokens WHERE hash = ?", (token_hash,)).fetchone()
    grant = None if token is None else find_grant(db, token["grant_id"])
    if grant is None or grant.client_id != client_id:
        return None
    if token["kind"] == "refresh":
        revoke_grant(db, grant.id, now=now, why="revoked by the client")
    else:
        db.execute("DELETE FROM tokens WHERE hash = ?", (token_hash,))
    return grant


def revoke_grant(db: sqlite3.Connection, grant_id: str, *, now: int, why: str) -> bool:
    """End a login: its tokens are gone and its key is forgotten; False if it was over before."""
    done = db.execute(
        "UPDATE grants SET revoked_at = ?, revoked_why = ?, key_box = x''"
        " WHERE id = ? AND revoked_at IS NULL",
        (now, why, grant_id),
    )
    db.execute("DELETE FROM tokens WHERE grant_id = ?", (grant_id,))
    return done.rowcount > 0


def sweep(db: sqlite3.Connection, *, now: int) -> None:
    """Forget what can no longer matter."""
    db.execute("DELETE FROM tokens WHERE expires_at <= ?", (now,))
    db.execute("DELETE FROM transactions WHERE expires_at <= ?", (now,))
    # Grants whose code was never redeemed leave no trace; others stay listed for a while.
    db.execute("DELETE FROM grants WHERE redeemed_at IS NULL AND expires_at <= ?", (now,))
    ended_before = now - KEPT_SECONDS
    db.execute(
        "DELETE FROM grants WHERE expires_at <= ? OR revoked_at <= ?",
        (ended_before, ended_before),
    )
