"""The audit: one record per call and per event of a login, in the log and in the database.

Every call passes here, so a record becomes fields once, for its line and its row, and no call pays
for a transaction: those of some milliseconds share one.
"""

import logging
import sqlite3
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal

import attrs
import trio

# `trio.testing` has it, too, but imports pytest where that is installed.
from trio._core._generated_run import wait_all_tasks_blocked

from onecgw.errors import StorageUnavailable
from onecgw.locales.text import say
from onecgw.observability.logging import encode_json, stamp
from onecgw.storage.database import Database
from onecgw.storage.rows import delete_slice

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)  # the audit is logged whatever the configured level

MAX_WAITING: Final = 20_000  # records kept in memory while the database cannot be written
# Anonymous records of one event in the database; anyone can cause any number of them.
ANONYMOUS_PER_MINUTE: Final = 30
SECONDS_PER_MINUTE: Final = 60
GATHER_SECONDS: Final = 0.004  # for how long the records of a transaction are gathered at most
ROWS_PER_STATEMENT: Final = 500  # SQLite takes 32 766 values
RETRY_SECONDS: Final = 1
LAST_WRITE_SECONDS: Final = 5
CONFIRM_SECONDS: Final = 10  # a disk that hangs must not keep callers for ever
LOOK_SECONDS: Final = 1  # how often that is looked at
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


AuditSink = Callable[[AuditRecord], None]
_Row = tuple[int | str, ...]

_CALL_FIELDS: Final = tuple(field.name for field in attrs.fields(AuditRecord))
_EVENT_FIELDS: Final = tuple(field.name for field in attrs.fields(AuditEvent))


def log_audit(record: AuditRecord | AuditEvent) -> None:
    """Write a record as one line of the log, whatever the configured level."""
    _log_fields(_fields(record))


def _fields(record: AuditRecord | AuditEvent) -> dict[str, Any]:
    # Not attrs.asdict, which looks into every value for further objects: ten times the cost.
    names = _CALL_FIELDS if type(record) is AuditRecord else _EVENT_FIELDS
    return {name: getattr(record, name) for name in names}


def _log_fields(fields: dict[str, Any]) -> None:
    shown = dict(fields)
    ts = shown.pop("ts")
    if "event" not in shown:
        # The line has the time at which it is written: lines are in the order of their times.
        shown = {"started_at": stamp(ts), **shown}
    log.info("audit", extra={"fields": shown, "is_anonymous": not fields["sub"]})


def _row(fields: dict[str, Any]) -> _Row:
    rest = dict(fields)
    ts = int(rest.pop("ts").timestamp() * 1000)
    texts = [rest.pop("event", "call"), *map(rest.pop, ("request_id", "sub", "client"))]
    if not all(map(str.isascii, texts)):
        # SQLite takes no half of a surrogate pair, and one bad record would hold up all others.
        texts = [text.encode(errors="backslashreplace").decode() for text in texts]
    return (ts, *texts, encode_json(rest))


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


@attrs.define(eq=False)
class _Batch:
    """The records of one transaction.

    is_whole: False if records had to be dropped while it was gathered. is_written: whether it was
    committed, once it has ended. is_awaited: whether a caller waits for it. late_seconds: for how
    long, without the time in which the process stood still.
    """

    ended: trio.Event = attrs.field(factory=trio.Event)
    is_whole: bool = True
    is_written: bool = False
    is_awaited: bool = False
    late_seconds: int = 0


class AuditLog:
    """Writes each record to the log at once, and to the database in batches.

    Args:
        database: None: only the log is written.
        retention_days: after how many days records are deleted.
        on_failure: deny: nothing is answered before its record is in the database, or while that
            cannot be written. allow: calls do not wait for the database; records that it did not
            take are in the log only.
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
        self._is_denied_without = on_failure == "deny"
        # Each record has a number, so that both queues are written in the order of arrival.
        self._waiting: deque[tuple[int, _Row]] = deque()
        self._anonymous: deque[tuple[int, _Row]] = deque()
        self._count = 0
        self._anonymous_limit = _AnonymousRateLimit()
        self._has_records = trio.Event()
        self._gathering = _Batch()
        self._writing: _Batch | None = None
        self._problem = ""

    def __call__(self, record: AuditRecord | AuditEvent) -> None:
        """Accept a record; never fails."""
        fields = _fields(record)
        _log_fields(fields)
        if self._database is None:
            return
        queue = self._waiting
        if isinstance(record, AuditEvent) and not record.sub:
            if not self._anonymous_limit.admit(record.event, time.monotonic()):
                return
            queue = self._anonymous
        self._count += 1
        queue.append((self._count, _row(fields)))
        while len(self._waiting) + len(self._anonymous) > MAX_WAITING:
            # Anonymous events are dropped before authenticated ones.
            self._gathering.is_whole &= bool(self._anonymous)
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
        if self._is_denied_without:
            raise _denied()
        log.error("audit.not_written", extra={"fields": {"reason": reason}})

    async def confirm(self) -> None:
        """Wait until the records that were accepted so far are on disk, if `on_failure` is "deny".

        A cancelled caller does not wait, and its records are written nevertheless.

        Raises:
            StorageUnavailable: they could not be written. They are kept, and written later.
        """
        if self._database is None or not self._is_denied_without:
            return
        if self._waiting or self._anonymous:
            batch = self._gathering
        elif self._writing is not None:
            batch = self._writing
        else:
            return
        if not self._problem:
            # `run` looks at all batches: a cancel scope per call costs more.
            batch.is_awaited = True
            await batch.ended.wait()
        if not (batch.is_written and batch.is_whole):
            raise _denied()

    async def run(self) -> None:
        """Write records as they arrive; on cancellation, write the rest and end."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._refuse_late)
            try:
                while True:
                    await self._wait_for_records()
                    # A stop must not end a batch unwritten: its callers would be refused, although
                    # the last flush writes their records. Each transaction ends by itself.
                    with trio.CancelScope(shield=True):
                        await self.flush()
            finally:
                with trio.move_on_after(LAST_WRITE_SECONDS, shield=True):
                    await self.flush()
                self._gathering.ended.set()  # nothing will be written any more

    async def _refuse_late(self) -> None:
        """End the waiting of callers for batches that are not on disk in time.

        Looks are counted, not the clock: after a process stood still (a suspended machine, a busy
        processor) the clock would refuse callers whose records are on disk already.
        """
        while True:
            await trio.sleep(LOOK_SECONDS)
            for batch in (self._writing, self._gathering):
                if batch is not None and batch.is_awaited:
                    batch.late_seconds += LOOK_SECONDS
                    if batch.late_seconds > CONFIRM_SECONDS:
                        batch.ended.set()

    async def _wait_for_records(self) -> None:
        """Wait for a record and those that come soon, or RETRY_SECONDS while the database fails.

        Where calls wait for their records, the transaction begins as soon as no task has anything
        to do: all calls in flight may be waiting for it then, and more records would not come.
        """
        if self._problem:
            await trio.sleep(RETRY_SECONDS)
            return
        await self._has_records.wait()
        if self._is_denied_without:
            with trio.move_on_after(GATHER_SECONDS):
                await wait_all_tasks_blocked()
        else:
            await trio.sleep(GATHER_SECONDS)

    async def flush(self) -> None:
        """Write all waiting records in one transaction."""
        if self._database is None:
            return
        self._has_records = trio.Event()
        waiting, self._waiting = self._waiting, deque()
        anonymous, self._anonymous = self._anonymous, deque()
        rows = [row for _, row in sorted([*waiting, *anonymous])]
        batch = self._writing = self._gathering
        self._gathering = _Batch()
        try:
            await self._database.write(_insert, rows)
            batch.is_written = True
        except StorageUnavailable as error:
            self._problem = str(error.__cause__)
            return
        finally:
            if not batch.is_written:
                self._waiting = waiting + self._waiting
                self._anonymous = anonymous + self._anonymous
            self._writing = None
            batch.ended.set()
        if self._problem:
            log.warning("audit.recovered", extra={"fields": {"written": len(rows)}})
        self._problem = ""

    async def sweep(self) -> None:
        """Delete records older than the retention.

        Raises:
            StorageUnavailable: the database cannot be written.
        """
        if self._database is not None:
            before = int(datetime.now(UTC).timestamp() * 1000) - self._retention_ms
            await self._database.write_slices(delete_slice, "audit", "ts < ?", before)


def _denied() -> StorageUnavailable:
    return StorageUnavailable(say("errors.audit"), retry_after_seconds=RETRY_SECONDS)


def insert_event(db: sqlite3.Connection, event: AuditEvent) -> None:
    """Insert one event in a transaction; after the commit, the caller logs it with log_audit."""
    _insert(db, [_row(_fields(event))])


def _insert(db: sqlite3.Connection, rows: list[_Row]) -> None:
    if not rows:  # a retry without records still shows whether the database can be written
        db.execute("UPDATE probe SET at = unixepoch()")
    # One statement for many rows: after each, this thread waits for the interpreter's lock, up to
    # 5 ms while the event loop is busy.
    for first in range(0, len(rows), ROWS_PER_STATEMENT):
        some = rows[first : first + ROWS_PER_STATEMENT]
        db.execute(
            "INSERT INTO audit (ts, event, request_id, sub, client, detail) VALUES "  # noqa: S608
            + ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some)),
            [value for row in some for value in row],
        )
