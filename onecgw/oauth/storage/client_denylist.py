"""Clients that the administrator has denied access."""

import sqlite3

import attrs

from onecgw.oauth.secrets import OAuthSecrets
from onecgw.text import well_formed


@attrs.frozen(kw_only=True)
class DeniedClient:
    """A client without access. name: at that time. denied_at: seconds since the epoch."""

    client_id: str
    name: str
    denied_at: int


def deny_client(db: sqlite3.Connection, oauth_secrets: OAuthSecrets, denied: DeniedClient) -> None:
    """Add a client to the denylist."""
    db.execute(
        "INSERT OR IGNORE INTO denied_clients (hash, client_id, name, denied_at)"
        " VALUES (:hash, :client_id, :name, :denied_at)",
        attrs.asdict(denied) | {"hash": oauth_secrets.hash(denied.client_id, "client")},
    )


def is_client_denied(db: sqlite3.Connection, client_hash: bytes) -> bool:
    """Whether a client is on the denylist."""
    found = db.execute("SELECT 1 FROM denied_clients WHERE hash = ?", (client_hash,)).fetchone()
    return found is not None


def list_denied_clients(db: sqlite3.Connection) -> list[DeniedClient]:
    """The denylist, the oldest entry first."""
    rows = db.execute(
        "SELECT client_id, name, denied_at FROM denied_clients ORDER BY denied_at, client_id"
    )
    return [DeniedClient(**row) for row in rows]


def allow_client(db: sqlite3.Connection, client: str) -> list[DeniedClient]:
    """Remove clients of this name or client_id from the denylist; returns those removed."""
    rows = db.execute(
        "DELETE FROM denied_clients WHERE ? IN (client_id, name)"
        " RETURNING client_id, name, denied_at",
        (well_formed(client),),  # an argument of the command line may have half characters
    )
    return [DeniedClient(**row) for row in rows]
