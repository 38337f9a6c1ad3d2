"""What a token check costs: `python -m tests.bench.token_check`.

The yardstick is one SELECT of the row by its hash over the same connection. Read the ratios.
"""

import sqlite3
import statistics
import timeit
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs

from onecgw.oauth.secrets import ACCESS, OAuthSecrets, pkce_challenge
from onecgw.oauth.storage.grants import insert_grant
from onecgw.oauth.storage.tokens import AccessToken, Code, find_access, insert_code
from onecgw.oauth.token_grants import TokenLifetimes, exchange_code
from onecgw.storage.database import Database
from tests.builders.grant_records import EXCHANGE, GRANT, NOW, VERIFIER

LIVES: Final = TokenLifetimes(access=3600, refresh=86_400, grant=86_400)
LOGINS: Final = 1000
ROUNDS: Final = 15
CALLS: Final = 5000


def fill(store: Database, oauth_secrets: OAuthSecrets) -> list[str]:
    """The access tokens of many logins."""
    tokens = [oauth_secrets.new_token(ACCESS) for _ in range(LOGINS)]

    def transition(db: sqlite3.Connection) -> None:
        for number, token in enumerate(tokens):
            grant, code = attrs.evolve(GRANT, id=f"g{number}"), b"code-%d" % number
            insert_grant(db, grant, created_at=NOW)
            insert_code(
                db,
                Code(
                    hash=code,
                    grant_id=grant.id,
                    redirect_uri="http://127.0.0.1/cb",
                    challenge=pkce_challenge(VERIFIER),
                    expires_at=NOW + 60,
                ),
            )
            asked = attrs.evolve(
                EXCHANGE,
                code_hash=code,
                access_hash=oauth_secrets.hash(token, "access token"),
                refresh_hash=b"refresh-%d" % number,
            )
            exchange_code(db, asked, LIVES, now=NOW)

    store.write_here(transition)
    return tokens


def measure(call: Callable[[], object]) -> float:
    """Microseconds of one call."""
    return min(timeit.repeat(call, number=CALLS, repeat=3)) / CALLS * 1e6


def main() -> None:
    """Print the medians of interleaved rounds."""
    with TemporaryDirectory() as folder:
        store = Database(Path(folder) / "onecgw.db")
        oauth_secrets = OAuthSecrets(pepper=b"p" * 32, signing=b"s" * 32, encryption=b"e" * 32)
        token = fill(store, oauth_secrets)[LOGINS // 2]
        token_hash = oauth_secrets.hash(token, "access token")

        def select() -> object:
            row = "SELECT * FROM tokens WHERE hash = ?"
            return store.read(lambda db: db.execute(row, (token_hash,)).fetchone())

        def find() -> AccessToken | None:
            return store.read(lambda db: find_access(db, token_hash, now=NOW))

        def check() -> AccessToken | None:
            hashed = oauth_secrets.hash(token, "access token")
            return store.read(lambda db: find_access(db, hashed, now=NOW))

        assert check() is not None
        pieces = {"one SELECT": select, "find_access": find, "with its HMAC": check}
        rounds = [{name: measure(call) for name, call in pieces.items()} for _ in range(ROUNDS)]
        yardstick = statistics.median(found["one SELECT"] for found in rounds)
        for name in pieces:
            cost = statistics.median(found[name] for found in rounds)
            print(f"{name:15} {cost:6.1f} µs  {cost / yardstick:.2f}")
        store.close()


if __name__ == "__main__":
    main()
