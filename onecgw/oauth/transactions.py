"""Logins between the key and the consent, as the database keeps them."""

import secrets
import sqlite3
from collections.abc import Callable
from typing import Final

import attrs
import msgspec

from onecgw.oauth.authorization import Ask
from onecgw.oauth.scopes import join_scopes, split_scopes
from onecgw.oauth.secrets import Vault

TRANSACTION: Final = "ocg_tx_"
TRANSACTION_SECONDS: Final = 300
_ASK: Final = "authorization request"
_KEY: Final = "transaction"


@attrs.frozen(kw_only=True)
class Transaction:
    """A login that waits for the person's answer.

    ask: what the client wants. entitled: what the account of the key may see, as of verified_at.
    """

    ask: Ask
    sub: str
    name: str
    entitled: frozenset[str]
    key: str = attrs.field(repr=False)
    verified_at: int


def insert_transaction(
    db: sqlite3.Connection, vault: Vault, token: str, transaction: Transaction, *, now: int
) -> None:
    """Keep a transaction, known by a token that stands in the person's page."""
    ask = msgspec.json.encode(transaction.ask).decode()
    db.execute(
        "INSERT INTO transactions (hash, request_box, sub, name, entitled, key_hash, key_box,"
        " verified_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            vault.hash(token, "transaction"),
            # With the state, which is nobody's business but the client's.
            vault.encrypt(ask, purpose=_ASK),
            transaction.sub,
            transaction.name,
            join_scopes(transaction.entitled),
            vault.hash(transaction.key, "key"),
            vault.encrypt(transaction.key, purpose=_KEY),
            transaction.verified_at,
            now + TRANSACTION_SECONDS,
        ),
    )


def find_transaction(
    db: sqlite3.Connection, vault: Vault, token: str, browser: str, *, now: int
) -> Transaction | None:
    """A transaction that still waits for its answer, in this browser."""
    row = db.execute(
        "SELECT * FROM transactions WHERE hash = ? AND expires_at > ?",
        (vault.hash(token, "transaction"), now),
    ).fetchone()
    found = None if row is None else _read(vault, row)
    if found is None or not secrets.compare_digest(found.ask.browser, browser):
        return None
    return found


def take_transaction(
    db: sqlite3.Connection, vault: Vault, token: str, browser: str, *, now: int
) -> Transaction | None:
    """The same, and it is over: a transaction is answered once."""
    found = find_transaction(db, vault, token, browser, now=now)
    if found is not None:
        token_hash = vault.hash(token, "transaction")
        db.execute("DELETE FROM transactions WHERE hash = ?", (token_hash,))
    return found


def drop_transactions(
    db: sqlite3.Connection, vault: Vault, fits: Callable[[str, str, str], bool]
) -> list[Transaction]:
    """Forget transactions that wait for their answer; which they were.

    Those that cannot be read cannot be answered either, and end by themselves.

    Args:
        db: in a transaction of the database.
        vault: of the same secrets file.
        fits: called with sub, client_id and the client's name.
    """
    dropped = []
    for row in db.execute("SELECT * FROM transactions").fetchall():
        found = _read(vault, row)
        if found and fits(found.sub, found.ask.client_id, found.ask.client_name):
            db.execute("DELETE FROM transactions WHERE hash = ?", (row["hash"],))
            dropped.append(found)
    return dropped


def _read(vault: Vault, row: sqlite3.Row) -> Transaction | None:
    """What a row holds; None if another secrets file encrypted it: the login has to begin anew."""
    ask = vault.decrypt(row["request_box"], purpose=_ASK)
    key = vault.decrypt(row["key_box"], purpose=_KEY)
    if ask is None or key is None:
        return None
    return Transaction(
        ask=msgspec.json.decode(ask, type=Ask),
        sub=row["sub"],
        name=row["name"],
        entitled=split_scopes(row["entitled"]),
        key=key,
        verified_at=row["verified_at"],
    )
