"""Writes beside the removal of old audit records, and in a database that is large."""

import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs
import trio

from onecgw.oauth.storage.grants import delete_expired, insert_grant
from onecgw.storage.audit_log import DAY_MS, AuditLog
from onecgw.storage.database import Database
from tests.bench.figures import Figure, Options
from tests.builders.grant_records import GRANT

OLD_ROWS: Final = 330_000
ROWS: Final = 1_000_000
LOGINS: Final = 100_000
PAUSE_SECONDS: Final = 0.002


def fill(database: Database, *, rows: int, logins: int, age_days: int) -> None:
    """Add audit rows of an age, and logins with a token each that are valid."""
    ts = int(datetime.now(UTC).timestamp() * 1000) - age_days * DAY_MS
    detail = (
        '{"surface":"mcp","tool":"sales_report","ok":true,"code":"ok","duration_ms":120,"rows":30}'
    )
    now = int(time.time())

    def transition(db: sqlite3.Connection) -> None:
        db.executemany(
            "INSERT INTO audit (ts, event, request_id, sub, client, detail)"
            " VALUES (?, 'call', ?, 'owner', 'client', ?)",
            ((ts + number, f"r-{number}", detail) for number in range(rows)),
        )
        for number in range(logins):
            grant = attrs.evolve(GRANT, id=f"g{number}", expires_at=now + 86_400, verified_at=now)
            insert_grant(db, grant, created_at=now)
            db.execute(
                "INSERT INTO tokens (hash, kind, grant_id, scopes, expires_at)"
                " VALUES (?, 'access', ?, '', ?)",
                (b"t%d" % number, grant.id, now + 3600),
            )
        db.execute("UPDATE grants SET redeemed_at = ?", (now,))

    database.write_here(transition)


def _touch(db: sqlite3.Connection) -> None:
    db.execute("UPDATE probe SET at = unixepoch()")


async def _longest_wait(database: Database, log: AuditLog) -> tuple[float, float]:
    """The longest wait of another write during the removal, and without one: milliseconds."""
    waits: list[float] = []
    ended = trio.Event()

    async def remove() -> None:
        await log.sweep()
        ended.set()

    async def write_once() -> None:
        began = trio.current_time()
        await database.write(_touch)
        waits.append((trio.current_time() - began) * 1000)
        await trio.sleep(PAUSE_SECONDS)

    for _ in range(300):
        await write_once()
    quiet = sorted(waits)[int(len(waits) * 0.99)]
    waits.clear()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(remove)
        while not ended.is_set():
            await write_once()
    return sorted(waits)[int(len(waits) * 0.999)], quiet


def _cost(database: Database) -> float:
    """Milliseconds of one look for what has expired, and of one audit record, the least of some."""

    def once(db: sqlite3.Connection) -> None:
        delete_expired(db, now=int(time.time()))
        db.execute("INSERT INTO audit VALUES (NULL, 1, 'call', 'r', 's', 'c', '{}')")

    found = []
    for _ in range(200):
        began = time.thread_time()
        database.write_here(once)
        found.append((time.thread_time() - began) * 1000)
    return statistics.median(found)


def removal(_options: Options) -> Iterator[Figure]:
    """The removal of a day's worth of old records, in slices."""
    with TemporaryDirectory() as folder:
        with closing(Database(Path(folder) / "small.db")) as small:
            little = _cost(small)
        with closing(Database(Path(folder) / "large.db")) as database:
            fill(database, rows=OLD_ROWS, logins=0, age_days=100)
            log = AuditLog(database, retention_days=90, on_failure="deny")
            wait, quiet = trio.run(_longest_wait, database, log)
            name = f"removal of 330 k old records: longest wait of a write, ms (quiet {quiet:.0f})"
            yield Figure(name, wait, at_most=50)
            fill(database, rows=ROWS, logins=LOGINS, age_days=1)
            yield Figure(
                "a write with 1 M records and 100 k logins: CPU, of an empty database",
                _cost(database) / little,
                at_most=1.2,
            )
