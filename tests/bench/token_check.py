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

from onecgw.oauth.grants import Access, find_access, insert_code, insert_grant
from onecgw.oauth.secrets import ACCESS, Vault, challenge_of
from onecgw.oauth.token_grants import Lives, redeem
from onecgw.storage.database import Database
from tests.oauth.family import GRANT, NOW, REDEMPTION, VERIFIER

LIVES: Final = Lives(access=3600, refresh=86_400, code=60, grant=86_400)
LOGINS: Final = 1000
ROUNDS: Final = 15
CALLS: Final = 5000


def fill(store: Database, vault: Vault) -> list[str]:
    """The access tokens of many logins."""
    tokens = [vault.mint(ACCESS) for _ in range(LOGINS)]

    def transition(db: sqlite3.Connection) -> None:
        for number, token in enumerate(tokens):
            grant, code = attrs.evolve(GRANT, id=f"g{number}"), b"code-%d" % number
            insert_grant(db, grant, created_at=NOW)
            insert_code(
                db,
                code,
                grant,
                redirect_uri="http://127.0.0.1/cb",
                challenge=challenge_of(VERIFIER),
                expires_at=NOW + 60,
            )
            asked = attrs.evolve(
                REDEMPTION,
                code_hash=code,
                access_hash=vault.hash(token, "access token"),
                refresh_hash=b"refresh-%d" % number,
            )
            redeem(db, asked, LIVES, now=NOW)

    store.write_here(transition)
    return tokens


def measure(call: Callable[[], object]) -> float:
    """Microseconds of one call."""
    return min(timeit.repeat(call, number=CALLS, repeat=3)) / CALLS * 1e6


def main() -> None:
    """Print the medians of interleaved rounds."""
    with TemporaryDirectory() as folder:
        store = Database(Path(folder) / "onecgw.db")
        vault = Vault(pepper=b"p" * 32, signing=b"s" * 32, encryption=b"e" * 32)
        token = fill(store, vault)[LOGINS // 2]
        token_hash = vault.hash(token, "access token")

        def select() -> object:
            row = "SELECT * FROM tokens WHERE hash = ?"
            return store.read(lambda db: db.execute(row, (token_hash,)).fetchone())

        def find() -> Access | None:
            return store.read(lambda db: find_access(db, token_hash, now=NOW))

        def check() -> Access | None:
            hashed = vault.hash(token, "access token")
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
