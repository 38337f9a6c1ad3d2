"""Queries over all grants, for the administrator's commands."""

import sqlite3

import attrs


@attrs.frozen(kw_only=True)
class GrantSummary:
    """A grant as the administrator sees it. Instants are seconds since the epoch.

    redeemed_at: None before the client has exchanged the code. ended_at: when the grant expired or
        was revoked; None while it is valid. why: why it was revoked, "" if it was not.
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


@attrs.frozen(kw_only=True)
class LoginCounts:
    """How many logins, and tokens of them, are valid."""

    logins: int
    access_tokens: int
    refresh_tokens: int


def list_grants(db: sqlite3.Connection, *, now: int) -> list[GrantSummary]:
    """Every grant, the oldest first."""
    rows = db.execute(
        "SELECT id, sub, name, client_id, client_name, scopes, created_at, expires_at, redeemed_at,"
        " coalesce(revoked_at, iif(expires_at <= ?, expires_at, NULL)) AS ended_at,"
        " revoked_why AS why FROM grants ORDER BY created_at, id",
        (now,),
    )
    return [GrantSummary(**row) for row in rows]


def list_names(db: sqlite3.Connection) -> dict[str, str]:
    """The names of accounts by their sub; of several names of an account, the newest."""
    rows = db.execute(
        "SELECT sub, name FROM (SELECT sub, name, created_at FROM grants"
        " UNION ALL SELECT sub, name, created_at FROM keys) ORDER BY created_at"
    )
    return {row["sub"]: row["name"] for row in rows}


def has_logins(db: sqlite3.Connection) -> bool:
    """Whether there is a grant or a local key, which need the secrets file they were made with."""
    found = db.execute("SELECT EXISTS (SELECT 1 FROM grants) OR EXISTS (SELECT 1 FROM keys)")
    return bool(found.fetchone()[0])


def count_logins(db: sqlite3.Connection, *, now: int) -> LoginCounts:
    """Count what is valid now; a login counts when its client has exchanged the code."""
    # A refresh token that was exchanged is kept for a while, to notice that it is used again.
    counts = db.execute(
        "SELECT count(*) FILTER (WHERE kind = 'access') AS access_tokens,"
        " count(*) FILTER (WHERE kind = 'refresh') AS refresh_tokens,"
        " (SELECT count(*) FROM grants WHERE redeemed_at IS NOT NULL AND revoked_at IS NULL"
        " AND expires_at > :now) AS logins"
        " FROM tokens WHERE expires_at > :now AND rotated_at IS NULL",
        {"now": now},
    )
    return LoginCounts(**counts.fetchone())
