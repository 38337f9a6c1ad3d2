"""Who did what: one record per call and per event of a login, in the log and in the database."""

import contextlib
import json
import logging
import sqlite3
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from heapq import merge
from operator import itemgetter
from typing import Any, Final, Literal

import attrs
import trio

from onecgw.errors import StorageUnavailable
from onecgw.observability.logging import stamp
from onecgw.storage.database import Store

log = logging.getLogger(__name__)

MAX_WAITING: Final = 20_000  # records kept while the database cannot be written
# Records of one event without an account, in the database: anybody can cause them, without end.
STRANGERS_PER_MINUTE: Final = 30
SECONDS_PER_MINUTE: Final = 60
RETRY_SECONDS: Final = 1
LAST_WRITE_SECONDS: Final = 5
SWEEP_SECONDS: Final = 3600
DAY_MS: Final = 24 * 3600 * 1000


@attrs.frozen(kw_only=True)
class AuditRecord:
    """What is kept of one call.

    ts: UTC, when the call began. code: "ok" or the stable code of the error; "cancelled" when the
    caller went away. rows: of the answer, None where it has none. bytes: of the answer.
    onec_calls: how many calls to 1C it took; 0 = answered from the cache or refused before.
    traceparent: the W3C trace context of the caller. grant: the id of the login. ip: of the client.
    These three are "" without one.
    """

    ts: datetime
    request_id: str
    surface: Literal["mcp", "rest"]
    sub: str
    client: str
    tool: str
    ok: bool
    code: str
    duration_ms: int
    rows: int | None
    bytes: int
    onec_calls: int
    traceparent: str = ""
    grant: str = ""
    ip: str = ""


@attrs.frozen(kw_only=True)
class AuditEvent:
    """What is kept of one step of a login; never a token, a code, a key, a state or a verifier.

    event: as in `key.ok`. grant: the id of the login, "" before there is one. ip: of the client.
    detail: a reason or a list of scopes.
    """

    ts: datetime
    event: str
    request_id: str
    sub: str = ""
    client: str = ""
    grant: str = ""
    ip: str = ""
    detail: str = ""


_Numbered = tuple[int, AuditRecord | AuditEvent]
AuditSink = Callable[[AuditRecord], None]


def log_audit(record: AuditRecord | AuditEvent) -> None:
    """Write a record as one line of the log, whatever the log's level."""
    log.setLevel(logging.INFO)
    fields = attrs.asdict(record)
    fields["ts"] = stamp(record.ts)
    log.info("audit", extra={"fields": fields})


class _Budget:
    """How many records of one event strangers may have in a minute."""

    def __init__(self) -> None:
        self._since = 0.0
        self._taken: Counter[str] = Counter()

    def take(self, event: str, now: float) -> bool:
        if now - self._since >= SECONDS_PER_MINUTE:
            self._since = now
            self._taken.clear()
        self._taken[event] += 1
        return self._taken[event] <= STRANGERS_PER_MINUTE


class AuditTrail:
    """Logs every record at once and writes them to the database in batches.

    Args:
        store: the database; None = the log alone.
        retention_days: how long records are kept.
        on_failure: what becomes of calls while the database cannot be written.
    """

    def __init__(
        self,
        store: Store | None,
        *,
        retention_days: int,
        on_failure: Literal["deny", "allow"],
    ) -> None:
        self._store = store
        self._retention_ms = retention_days * DAY_MS
        self._on_failure = on_failure
        # With a number each, so that both are written in the order in which they came.
        self._waiting: deque[_Numbered] = deque()
        self._strangers: deque[_Numbered] = deque()
        self._count = 0
        self._budget = _Budget()
        self._more = trio.Event()
        self._problem = ""

    def __call__(self, record: AuditRecord | AuditEvent) -> None:
        """Take a record; never fails."""
        log_audit(record)
        if self._store is None:
            return
        queue = self._waiting
        if isinstance(record, AuditEvent) and not record.sub:
            if not self._budget.take(record.event, time.monotonic()):
                return  # it stands in the log
            queue = self._strangers
        self._count += 1
        queue.append((self._count, record))
        while len(self._waiting) + len(self._strangers) > MAX_WAITING:
            # It stands in the log. Whoever has no name must not push out what people did.
            (self._strangers or self._waiting).popleft()
        self._more.set()

    def admit(self) -> None:
        """Whether a call may run now.

        Raises:
            StorageUnavailable: the audit cannot be written, and calls are to be refused then.
        """
        if self._store is None or not (reason := self._problem or self._store.missing()):
            return
        self._more.set()  # the next attempt to write says more
        if self._on_failure == "deny":
            raise StorageUnavailable(
                "the audit cannot be written, and nothing is answered without it",
                retry_after_seconds=RETRY_SECONDS,
            )
        log.error("audit.not_written", extra={"fields": {"reason": reason}})

    async def run(self) -> None:
        """Write what comes in; on cancellation, write the rest and end."""
        next_sweep = trio.current_time()
        try:
            while True:
                await self._wait_for_records()
                await self.flush()
                if trio.current_time() >= next_sweep and not self._problem:
                    with contextlib.suppress(StorageUnavailable):  # the next hour will do
                        await self.sweep()
                    next_sweep = trio.current_time() + SWEEP_SECONDS
        finally:
            with trio.move_on_after(LAST_WRITE_SECONDS, shield=True):
                await self.flush()

    async def _wait_for_records(self) -> None:
        """Wait for a record; while the database fails, look at it every second."""
        if self._problem:
            await trio.sleep(RETRY_SECONDS)
            return
        await self._more.wait()

    async def flush(self) -> None:
        """Write everything that waits, as one transaction."""
        if self._store is None:
            return
        self._more = trio.Event()
        waiting, strangers = list(self._waiting), list(self._strangers)
        batch = [record for _, record in merge(waiting, strangers, key=itemgetter(0))]
        self._waiting.clear()
        self._strangers.clear()
        is_written = False
        try:
            await self._store.write(lambda db: _insert(db, batch))
            is_written = True
        except StorageUnavailable as error:
            self._problem = str(error.__cause__)
            return
        finally:
            if not is_written:
                self._waiting.extendleft(reversed(waiting))
                self._strangers.extendleft(reversed(strangers))
        if self._problem:
            log.warning("audit.recovered", extra={"fields": {"written": len(batch)}})
        self._problem = ""

    async def sweep(self) -> None:
        """Forget what is older than the retention."""
        if self._store is not None:
            before = int(datetime.now(UTC).timestamp() * 1000) - self._retention_ms
            await self._store.write(lambda db: _sweep(db, before))


def insert_event(db: sqlite3.Connection, event: AuditEvent) -> None:
    """Keep one event, as part of a transaction; it is the caller's to log it once that is done."""
    _insert(db, [event])


def _insert(db: sqlite3.Connection, batch: list[AuditRecord | AuditEvent]) -> None:
    if not batch:  # is the database still well?
        db.execute("UPDATE probe SET at = unixepoch()")
    db.executemany(
        "INSERT INTO audit (ts, event, request_id, sub, client, detail) VALUES (?, ?, ?, ?, ?, ?)",
        map(_row, batch),
    )


def _sweep(db: sqlite3.Connection, before_ms: int) -> None:
    db.execute("DELETE FROM audit WHERE ts < ?", (before_ms,))


def _row(record: AuditRecord | AuditEvent) -> tuple[int, str, str, str, str, str]:
    rest: dict[str, Any] = attrs.asdict(record)
    ts = int(rest.pop("ts").timestamp() * 1000)
    event = rest.pop("event", "call")
    head = [rest.pop(name) for name in ("request_id", "sub", "client")]
    return (ts, event, *head, json.dumps(rest, ensure_ascii=False))
