"""Clients that the administrator lets in no more."""

import sqlite3

import attrs

from onecgw.oauth.secrets import Vault


@attrs.frozen(kw_only=True)
class Denial:
    """A client that is let in no more. name: as it was called then. denied_at: since the epoch."""

    client_id: str
    name: str
    denied_at: int


def deny_client(db: sqlite3.Connection, vault: Vault, denial: Denial) -> None:
    """Let a client in no more."""
    db.execute(
        "INSERT OR IGNORE INTO denied_clients (hash, client_id, name, denied_at)"
        " VALUES (?, ?, ?, ?)",
        (
            vault.hash(denial.client_id, "client"),
            denial.client_id,
            denial.name,
            denial.denied_at,
        ),
    )


def is_client_denied(db: sqlite3.Connection, client_hash: bytes) -> bool:
    """Whether the operator has denied a client."""
    found = db.execute("SELECT 1 FROM denied_clients WHERE hash = ?", (client_hash,)).fetchone()
    return found is not None


def list_denials(db: sqlite3.Connection) -> list[Denial]:
    """Every client that is denied, the oldest first."""
    rows = db.execute(
        "SELECT client_id, name, denied_at FROM denied_clients ORDER BY denied_at, client_id"
    )
    return [Denial(**dict(row)) for row in rows]


def allow_client(db: sqlite3.Connection, client: str) -> list[Denial]:
    """Let clients in again, by their name or client_id; those that were denied."""
    found = [denial for denial in list_denials(db) if client in (denial.client_id, denial.name)]
    for denial in found:
        db.execute("DELETE FROM denied_clients WHERE client_id = ?", (denial.client_id,))
    return found
