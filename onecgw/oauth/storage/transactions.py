"""Transactions: logins between the access key and the person's consent."""

import secrets
import sqlite3
from collections.abc import Callable
from typing import Final

import attrs
import msgspec

from onecgw.oauth.authorization import AuthorizationRequest
from onecgw.oauth.scopes import join_scopes, split_scopes
from onecgw.oauth.secrets import OAuthSecrets
from onecgw.storage.rows import insert_row

TRANSACTION: Final = "ocg_tx_"
TRANSACTION_SECONDS: Final = 300
_REQUEST_PURPOSE: Final = "authorization request"
_KEY_PURPOSE: Final = "transaction"


@attrs.frozen(kw_only=True)
class Transaction:
    """A login that waits for consent. entitled: the account's scopes, as of verified_at."""

    request: AuthorizationRequest
    sub: str
    name: str
    entitled: frozenset[str]
    key: str = attrs.field(repr=False)
    verified_at: int


def insert_transaction(
    db: sqlite3.Connection,
    oauth_secrets: OAuthSecrets,
    token: str,
    transaction: Transaction,
    *,
    now: int,
) -> None:
    """Insert a transaction under a token, which stands in the consent page."""
    request = msgspec.json.encode(transaction.request).decode()
    values = {
        "hash": oauth_secrets.hash(token, "transaction"),
        # Encrypted because of the state, which only the client may read.
        "request_box": oauth_secrets.encrypt(request, purpose=_REQUEST_PURPOSE),
        "sub": transaction.sub,
        "name": transaction.name,
        "entitled": join_scopes(transaction.entitled),
        "key_hash": oauth_secrets.hash(transaction.key, "key"),
        "key_box": oauth_secrets.encrypt(transaction.key, purpose=_KEY_PURPOSE),
        "verified_at": transaction.verified_at,
        "expires_at": now + TRANSACTION_SECONDS,
    }
    insert_row(db, "transactions", values)


def find_transaction(
    db: sqlite3.Connection, oauth_secrets: OAuthSecrets, token: str, browser: str, *, now: int
) -> Transaction | None:
    """A transaction that has not expired and was begun in this browser."""
    row = db.execute(
        "SELECT * FROM transactions WHERE hash = ? AND expires_at > ?",
        (oauth_secrets.hash(token, "transaction"), now),
    ).fetchone()
    found = None if row is None else _read(oauth_secrets, row)
    if found is None or not secrets.compare_digest(found.request.browser, browser):
        return None
    return found


def take_transaction(
    db: sqlite3.Connection, oauth_secrets: OAuthSecrets, token: str, browser: str, *, now: int
) -> Transaction | None:
    """Find a transaction and delete it, so that it is answered once."""
    found = find_transaction(db, oauth_secrets, token, browser, now=now)
    if found is not None:
        token_hash = oauth_secrets.hash(token, "transaction")
        db.execute("DELETE FROM transactions WHERE hash = ?", (token_hash,))
    return found


def drop_transactions(
    db: sqlite3.Connection, oauth_secrets: OAuthSecrets, matches: Callable[[str, str, str], bool]
) -> list[Transaction]:
    """Delete the transactions that match; returns them.

    Transactions of another secrets file are left: they cannot be answered, and they expire.

    Args:
        db: within a transaction of the database.
        oauth_secrets: of the secrets file that belongs to the database.
        matches: called with the sub, the client_id and the client's name.
    """
    dropped = []
    for row in db.execute("SELECT * FROM transactions").fetchall():
        found = _read(oauth_secrets, row)
        if found and matches(found.sub, found.request.client_id, found.request.client_name):
            db.execute("DELETE FROM transactions WHERE hash = ?", (row["hash"],))
            dropped.append(found)
    return dropped


def _read(oauth_secrets: OAuthSecrets, row: sqlite3.Row) -> Transaction | None:
    """The transaction in a row; None if it was encrypted with another secrets file."""
    request = oauth_secrets.decrypt(row["request_box"], purpose=_REQUEST_PURPOSE)
    key = oauth_secrets.decrypt(row["key_box"], purpose=_KEY_PURPOSE)
    if request is None or key is None:
        return None
    return Transaction(
        request=msgspec.json.decode(request, type=AuthorizationRequest),
        sub=row["sub"],
        name=row["name"],
        entitled=split_scopes(row["entitled"]),
        key=key,
        verified_at=row["verified_at"],
    )
