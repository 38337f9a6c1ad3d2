"""Logins, and whose they are, as an administrator sees them."""

import sqlite3

import attrs


@attrs.frozen(kw_only=True)
class GrantLine:
    """A login as an administrator sees it.

    Instants are seconds since the epoch; ended_at: when it expired or was revoked, None if it
    lives. redeemed_at: None while its code waits for the client. why: why it was revoked.
    """

    id: str
    sub: str
    name: str
    client_id: str
    client_name: str
    scopes: str
    created_at: int
    expires_at: int
    redeemed_at: int | None
    ended_at: int | None
    why: str


def list_grants(db: sqlite3.Connection, *, now: int) -> list[GrantLine]:
    """Every login, the oldest first."""
    rows = db.execute("SELECT * FROM grants ORDER BY created_at, id")
    lines = []
    for row in rows:
        expired_at = row["expires_at"] if row["expires_at"] <= now else None
        lines.append(
            GrantLine(
                id=row["id"],
                sub=row["sub"],
                name=row["name"],
                client_id=row["client_id"],
                client_name=row["client_name"],
                scopes=row["scopes"],
                created_at=row["created_at"],
                expires_at=row["expires_at"],
                redeemed_at=row["redeemed_at"],
                ended_at=expired_at if row["revoked_at"] is None else row["revoked_at"],
                why=row["revoked_why"],
            )
        )
    return lines


def list_names(db: sqlite3.Connection) -> dict[str, str]:
    """The names of accounts by their sub, as keys and logins know them; the newest counts."""
    rows = db.execute(
        "SELECT sub, name FROM (SELECT sub, name, created_at FROM grants"
        " UNION ALL SELECT sub, name, created_at FROM keys) ORDER BY created_at"
    )
    return {row["sub"]: row["name"] for row in rows}


def has_logins(db: sqlite3.Connection) -> bool:
    """Whether there is a key or a login, which only the secrets file it was made with can read."""
    found = db.execute(
        "SELECT EXISTS (SELECT 1 FROM grants) OR EXISTS (SELECT 1 FROM keys)"
    ).fetchone()
    return bool(found[0])
