"""The audit: one record per call and per event of a login, in the log and in the database."""

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
from onecgw.locales.text import say
from onecgw.observability.logging import stamp
from onecgw.storage.database import Database

log = logging.getLogger(__name__)

MAX_WAITING: Final = 20_000  # records kept in memory while the database cannot be written
# Anonymous records of one event in the database; anyone can cause any number of them.
ANONYMOUS_PER_MINUTE: Final = 30
SECONDS_PER_MINUTE: Final = 60
RETRY_SECONDS: Final = 1
LAST_WRITE_SECONDS: Final = 5
SWEEP_SECONDS: Final = 3600
DAY_MS: Final = 24 * 3600 * 1000


@attrs.frozen(kw_only=True)
class AuditRecord:
    """The record of one call.

    ts: when the call began, in UTC.
    code: "ok", the code of the error, or "cancelled" if the caller disconnected.
    rows: of the answer; None if it has no rows.
    bytes: the size of the answer.
    onec_calls: the number of calls to 1C; 0: answered from the cache, or refused before.
    traceparent: the W3C trace context of the caller; "" without one.
    grant: the id of the login; "" without one.
    ip: the address of the client; "" if there is none.
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
    """The record of one step of a login; never a token, a code, a key, a state or a verifier.

    event: such as `key.ok`.
    sub: the account; "" if it is not known (an anonymous event).
    grant: the id of the login; "" before there is one.
    ip: the address of the client.
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
    """Write a record as one line of the log, whatever the configured level."""
    log.setLevel(logging.INFO)
    fields = attrs.asdict(record)
    fields["ts"] = stamp(record.ts)
    is_anonymous = isinstance(record, AuditEvent) and not record.sub
    log.info("audit", extra={"fields": fields, "is_anonymous": is_anonymous})


class _AnonymousRateLimit:
    """Limits the anonymous records of each event in a minute."""

    def __init__(self) -> None:
        self._since = 0.0
        self._counts: Counter[str] = Counter()

    def admit(self, event: str, now: float) -> bool:
        if now - self._since >= SECONDS_PER_MINUTE:
            self._since = now
            self._counts.clear()
        self._counts[event] += 1
        return self._counts[event] <= ANONYMOUS_PER_MINUTE


class AuditLog:
    """Writes each record to the log at once, and to the database in batches.

    Args:
        database: None: only the log is written.
        retention_days: after how many days records are deleted.
        on_failure: whether calls are denied or allowed while the database cannot be written.
    """

    def __init__(
        self,
        database: Database | None,
        *,
        retention_days: int,
        on_failure: Literal["deny", "allow"],
    ) -> None:
        self._database = database
        self._retention_ms = retention_days * DAY_MS
        self._on_failure = on_failure
        # Each record has a number, so that both queues are written in the order of arrival.
        self._waiting: deque[_Numbered] = deque()
        self._anonymous: deque[_Numbered] = deque()
        self._count = 0
        self._anonymous_limit = _AnonymousRateLimit()
        self._has_records = trio.Event()
        self._problem = ""

    def __call__(self, record: AuditRecord | AuditEvent) -> None:
        """Accept a record; never fails."""
        log_audit(record)
        if self._database is None:
            return
        queue = self._waiting
        if isinstance(record, AuditEvent) and not record.sub:
            if not self._anonymous_limit.admit(record.event, time.monotonic()):
                return
            queue = self._anonymous
        self._count += 1
        queue.append((self._count, record))
        while len(self._waiting) + len(self._anonymous) > MAX_WAITING:
            # Anonymous events are dropped before authenticated ones.
            (self._anonymous or self._waiting).popleft()
        self._has_records.set()

    def admit(self) -> None:
        """Let a call run, or refuse it.

        Raises:
            StorageUnavailable: the audit cannot be written, and `on_failure` is "deny".
        """
        if self._database is None or not (
            reason := self._problem or self._database.find_file_problem()
        ):
            return
        self._has_records.set()  # try to write again
        if self._on_failure == "deny":
            raise StorageUnavailable(
                say("errors.audit"),
                retry_after_seconds=RETRY_SECONDS,
            )
        log.error("audit.not_written", extra={"fields": {"reason": reason}})

    async def run(self) -> None:
        """Write records as they arrive; on cancellation, write the rest and end."""
        next_sweep = trio.current_time()
        try:
            while True:
                await self._wait_for_records()
                await self.flush()
                if trio.current_time() >= next_sweep and not self._problem:
                    with contextlib.suppress(StorageUnavailable):  # tried again in an hour
                        await self.sweep()
                    next_sweep = trio.current_time() + SWEEP_SECONDS
        finally:
            with trio.move_on_after(LAST_WRITE_SECONDS, shield=True):
                await self.flush()

    async def _wait_for_records(self) -> None:
        """Wait for a record, or RETRY_SECONDS while the database fails."""
        if self._problem:
            await trio.sleep(RETRY_SECONDS)
            return
        await self._has_records.wait()

    async def flush(self) -> None:
        """Write all waiting records in one transaction."""
        if self._database is None:
            return
        self._has_records = trio.Event()
        waiting, anonymous = list(self._waiting), list(self._anonymous)
        batch = [record for _, record in merge(waiting, anonymous, key=itemgetter(0))]
        self._waiting.clear()
        self._anonymous.clear()
        is_written = False
        try:
            await self._database.write(lambda db: _insert(db, batch))
            is_written = True
        except StorageUnavailable as error:
            self._problem = str(error.__cause__)
            return
        finally:
            if not is_written:
                self._waiting.extendleft(reversed(waiting))
                self._anonymous.extendleft(reversed(anonymous))
        if self._problem:
            log.warning("audit.recovered", extra={"fields": {"written": len(batch)}})
        self._problem = ""

    async def sweep(self) -> None:
        """Delete records older than the retention."""
        if self._database is not None:
            before = int(datetime.now(UTC).timestamp() * 1000) - self._retention_ms
            await self._database.write(lambda db: _sweep(db, before))


def insert_event(db: sqlite3.Connection, event: AuditEvent) -> None:
    """Insert one event in a transaction; after the commit, the caller logs it with log_audit."""
    _insert(db, [event])


def _insert(db: sqlite3.Connection, batch: list[AuditRecord | AuditEvent]) -> None:
    if not batch:  # a retry without records still shows whether the database can be written
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
