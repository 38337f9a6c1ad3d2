"""Grants: one record for each login of a person in a client."""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import attrs

from onecgw.oauth.scopes import join_scopes, split_scopes
from onecgw.storage.rows import delete_slice, insert_row

KEPT_SECONDS: Final = 30 * 24 * 3600
"""How long a grant that has ended is still listed."""


@attrs.frozen(kw_only=True)
class Grant:
    """A login. Instants are seconds since the epoch.

    scopes: what the person allowed. entitled: the account's scopes when they were last verified.
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
    key_ciphertext: bytes
    expires_at: int
    verified_at: int

    def unverified_seconds(self, now: int) -> int:
        """How long ago the access key was verified.

        After the clock was set back, `verified_at` lies in the future. The absolute difference is
        taken, so that verification does not stop until the clock gets there again.
        """
        return abs(now - self.verified_at)


_FIELDS: Final = tuple(field.name for field in attrs.fields(Grant))
GRANT_COLUMNS: Final = ", ".join(
    f"grants.{'key_box' if name == 'key_ciphertext' else name}" for name in _FIELDS
)


def make_grant(row: sqlite3.Row) -> Grant:
    """The grant in a row that begins with GRANT_COLUMNS."""
    values: dict[str, Any] = dict(zip(_FIELDS, row, strict=False))
    scopes, entitled = split_scopes(values.pop("scopes")), split_scopes(values.pop("entitled"))
    return Grant(scopes=scopes, entitled=entitled, **values)


def audit_facts(grant: Grant) -> dict[str, str]:
    """What the audit records of a grant."""
    return {"sub": grant.sub, "client": grant.client_name, "grant": grant.id}


def insert_grant(db: sqlite3.Connection, grant: Grant, *, created_at: int) -> None:
    """Insert a grant."""
    values = attrs.asdict(grant) | {
        "scopes": join_scopes(grant.scopes),
        "entitled": join_scopes(grant.entitled),
        "created_at": created_at,
    }
    values["key_box"] = values.pop("key_ciphertext")
    insert_row(db, "grants", values)


def find_grant(
    db: sqlite3.Connection, grant_id: str, *, is_revoked_too: bool = False
) -> Grant | None:
    """A grant, also an expired one; one that was revoked only with is_revoked_too."""
    condition = "id = ?" if is_revoked_too else "id = ? AND revoked_at IS NULL"
    return next(_find(db, condition, grant_id), None)


def find_newest_grant(db: sqlite3.Connection) -> Grant | None:
    """The latest grant that is not revoked."""
    return next(_find(db, "revoked_at IS NULL ORDER BY created_at DESC LIMIT 1"), None)


def find_grants_of_key(db: sqlite3.Connection, key_hash: bytes) -> list[Grant]:
    """The grants that were made with an access key, revoked ones too."""
    return list(_find(db, "key_hash = ?", key_hash))


def _find(db: sqlite3.Connection, condition: str, *arguments: object) -> Iterator[Grant]:
    rows = db.execute(f"SELECT {GRANT_COLUMNS} FROM grants WHERE {condition}", arguments)  # noqa: S608 - constants
    return map(make_grant, rows.fetchall())


def record_verification(db: sqlite3.Connection, grant: Grant) -> bool:
    """Store what the account may see now; False if the grant was revoked meanwhile."""
    done = db.execute(
        "UPDATE grants SET entitled = ?, verified_at = ? WHERE id = ? AND revoked_at IS NULL",
        (join_scopes(grant.entitled), grant.verified_at, grant.id),
    )
    return done.rowcount > 0


def revoke_grant(db: sqlite3.Connection, grant_id: str, *, now: int, why: str) -> bool:
    """Revoke a grant and delete its tokens and its encrypted key.

    Returns:
        False if the grant was revoked before.
    """
    done = db.execute(
        "UPDATE grants SET revoked_at = ?, revoked_why = ?, key_box = x''"
        " WHERE id = ? AND revoked_at IS NULL",
        (now, why, grant_id),
    )
    db.execute("DELETE FROM tokens WHERE grant_id = ?", (grant_id,))
    return done.rowcount > 0


def delete_expired(db: sqlite3.Connection, *, now: int) -> bool:
    """Delete expired tokens and transactions, and grants that ended more than KEPT_SECONDS ago.

    Returns:
        Whether more may be left: one transaction deletes only so many rows of each.
    """
    before = now - KEPT_SECONDS
    return any(
        [
            delete_slice(db, "tokens", "expires_at <= ?", now),
            delete_slice(db, "transactions", "expires_at <= ?", now),
            # A grant whose code was never exchanged is deleted at once; the others stay listed.
            delete_slice(db, "grants", "expires_at <= ? AND redeemed_at IS NULL", now),
            delete_slice(db, "grants", "expires_at <= ?", before),
            delete_slice(db, "grants", "revoked_at <= ?", before),
        ]
    )
