"""The schema of the database, version by version; docs/explanation/storage.md explains it.

Instants are seconds since the epoch, in UTC; scopes are separated by spaces; a `hash` is an HMAC
whose key is derived from the pepper of the secrets file, one key for each kind of hash.
"""

from typing import Final

_VERSION_2: Final = (
    "CREATE TABLE probe (at INTEGER NOT NULL) STRICT",
    "INSERT INTO probe VALUES (0)",
    # One login of one person in one client.
    """CREATE TABLE grants (
        id TEXT PRIMARY KEY,
        sub TEXT NOT NULL,
        name TEXT NOT NULL,
        client_id TEXT NOT NULL,
        client_name TEXT NOT NULL,
        resource TEXT NOT NULL,
        scopes TEXT NOT NULL,
        entitled TEXT NOT NULL,
        key_hash BLOB NOT NULL,
        key_box BLOB NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        verified_at INTEGER NOT NULL,
        redeemed_at INTEGER,
        revoked_at INTEGER,
        revoked_why TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX grants_by_key ON grants (key_hash)",
    """CREATE TABLE codes (
        hash BLOB PRIMARY KEY,
        grant_id TEXT NOT NULL REFERENCES grants ON DELETE CASCADE,
        redirect_uri TEXT NOT NULL,
        challenge TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        wrong_verifiers INTEGER NOT NULL DEFAULT 0,
        used_at INTEGER
    ) STRICT""",
    "CREATE INDEX codes_by_grant ON codes (grant_id)",
    # refresh_hash: of the refresh token that was issued with an access token.
    """CREATE TABLE tokens (
        hash BLOB PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
        grant_id TEXT NOT NULL REFERENCES grants ON DELETE CASCADE,
        scopes TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        refresh_hash BLOB,
        seen_at INTEGER,
        rotated_at INTEGER,
        salt BLOB
    ) STRICT""",
    "CREATE INDEX tokens_by_grant ON tokens (grant_id)",
    "CREATE INDEX tokens_by_end ON tokens (expires_at)",
    # Logins between the check of the key and the consent.
    """CREATE TABLE transactions (
        hash BLOB PRIMARY KEY,
        request_box BLOB NOT NULL,
        sub TEXT NOT NULL,
        name TEXT NOT NULL,
        entitled TEXT NOT NULL,
        key_hash BLOB NOT NULL,
        key_box BLOB NOT NULL,
        verified_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT""",
    # Accounts of the gateway itself, for oauth.keys: local.
    """CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        sub TEXT NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER
    ) STRICT""",
    # Clients that the administrator has denied; name and client_id of that time.
    """CREATE TABLE denied_clients (
        hash BLOB PRIMARY KEY,
        client_id TEXT NOT NULL,
        name TEXT NOT NULL,
        denied_at INTEGER NOT NULL
    ) STRICT""",
    # ts: milliseconds. detail: JSON.
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        ts INTEGER NOT NULL,
        event TEXT NOT NULL,
        request_id TEXT NOT NULL,
        sub TEXT NOT NULL,
        client TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX audit_by_time ON audit (ts)",
)

_VERSION_3: Final = (
    # What has expired is found without reading what has not.
    "CREATE INDEX grants_unredeemed_by_end ON grants (expires_at) WHERE redeemed_at IS NULL",
    "CREATE INDEX grants_by_end ON grants (expires_at)",
    "CREATE INDEX grants_by_revocation ON grants (revoked_at) WHERE revoked_at IS NOT NULL",
    "CREATE INDEX transactions_by_end ON transactions (expires_at)",
)

APPLICATION_ID: Final = 0x6F6E6563  # "onec" in ASCII; marks the file as one of this program
FIRST: Final = 2
"""The version of the first schema. Version 1, before the first release, had one key for all
hashes; its hashed values cannot be looked up any more."""
MIGRATIONS: Final = (_VERSION_2, _VERSION_3)
"""The statements that lead from an empty file to FIRST, then to each later version."""
