import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from onecgw.errors import StorageUnavailable
from onecgw.storage.audit_log import (
    CONFIRM_SECONDS,
    GATHER_SECONDS,
    LOOK_SECONDS,
    AuditEvent,
    AuditLog,
    AuditRecord,
)
from onecgw.storage.audit_query import AuditQuery, read_audit
from onecgw.storage.database import Database

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EVENT = AuditEvent(ts=NOW, event="key.ok", request_id="r-1", sub="owner", ip="192.0.2.1")
TEST_SECONDS = 20


def make_call(**changes: Any) -> AuditRecord:
    values: dict[str, Any] = {
        "ts": NOW,
        "request_id": "r-2",
        "surface": "mcp",
        "sub": "owner",
        "client": "Claude",
        "tool": "sales_report",
        "ok": True,
        "code": "ok",
        "duration_ms": 12,
        "rows": 3,
        "bytes": 400,
        "onec_calls": 1,
    }
    known = {field.name for field in attrs.fields(AuditRecord)}
    return AuditRecord(
        **({name: value for name, value in values.items() if name in known} | changes)
    )


def everything(store: Database, **query: Any) -> list[dict[str, Any]]:
    return store.read(lambda db: list(read_audit(db, AuditQuery(**query))))


@asynccontextmanager
async def open_trail(
    tmp_path: Path, *, on_failure: Any = "deny"
) -> AsyncIterator[tuple[AuditLog, Database]]:
    store = Database(tmp_path / "onecgw.db")
    trail = AuditLog(store, retention_days=90, on_failure=on_failure)
    with trio.fail_after(TEST_SECONDS):
        yield trail, store
    store.close()


async def test_calls_and_events_come_back_as_flat_records(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        trail(EVENT)
        trail(make_call())
        await trail.flush()
        event, call = everything(store)
    assert event == {
        "id": 1,
        "ts": "2026-11-22T12:00:00.000Z",
        "event": "key.ok",
        "request_id": "r-1",
        "sub": "owner",
        "client": "",
        "grant": "",
        "ip": "192.0.2.1",
        "detail": "",
    }
    assert {name: call[name] for name in ("event", "tool", "code", "rows", "onec_calls")} == {
        "event": "call",
        "tool": "sales_report",
        "code": "ok",
        "rows": 3,
        "onec_calls": 1,
    }


async def test_records_are_found_by_account_event_and_time(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        trail(EVENT)
        trail(attrs.evolve(EVENT, event="key.failed", sub="", ts=NOW - timedelta(days=2)))
        trail(make_call())
        await trail.flush()
        queries: dict[str, dict[str, Any]] = {
            "sub": {"sub": "owner"},
            "event": {"event": "key.ok"},
            "kind": {"event": "key."},
            "since": {"since": NOW},
            "after": {"after_id": 2},
        }
        found = {
            name: [record["event"] for record in everything(store, **query)]
            for name, query in queries.items()
        }
    assert found == {
        "sub": ["key.ok", "call"],
        "event": ["key.ok"],
        "kind": ["key.ok", "key.failed"],
        "since": ["key.ok", "call"],
        "after": ["call"],
    }


async def test_what_comes_in_is_written_and_the_rest_at_the_end(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trail.run)
            await trio.testing.wait_all_tasks_blocked()
            trail(EVENT)
            while not everything(store):
                await trio.lowlevel.checkpoint()
            trail(make_call())
            nursery.cancel_scope.cancel()
        assert [record["event"] for record in everything(store)] == ["key.ok", "call"]


async def test_old_records_are_forgotten(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        now = datetime.now(UTC)
        trail(attrs.evolve(EVENT, ts=now - timedelta(days=91)))
        trail(attrs.evolve(EVENT, ts=now - timedelta(days=89), event="key.failed"))
        await trail.flush()
        await trail.sweep()
        assert [record["event"] for record in everything(store)] == ["key.failed"]


async def test_calls_are_refused_while_nothing_can_be_written_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    async with open_trail(tmp_path) as (trail, store):
        trail.admit()
        store._writer.execute("PRAGMA query_only = ON")  # noqa: SLF001 - the disk is read-only
        trail(EVENT)
        await trail.flush()
        with pytest.raises(StorageUnavailable):
            trail.admit()
        trail(make_call())
        await trail.flush()
        assert everything(store) == []
        store._writer.execute("PRAGMA query_only = OFF")  # noqa: SLF001 - it is mended
        await trail.flush()
        trail.admit()
        assert [record["event"] for record in everything(store)] == ["key.ok", "call"]


async def test_a_database_that_is_gone_is_noticed_before_the_next_call(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        store.path.rename(tmp_path / "elsewhere.db")
        with pytest.raises(StorageUnavailable, match="nothing is answered without it"):
            trail.admit()


async def test_calls_go_on_with_a_loud_line_where_the_operator_wants_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_trail(tmp_path, on_failure="allow") as (trail, store):
        store.path.rename(tmp_path / "elsewhere.db")
        trail.admit()
    assert ("onecgw.storage.audit_log", 40, "audit.not_written") in caplog.record_tuples
    assert "No such file" in vars(caplog.records[-1])["fields"]["reason"]


async def test_without_a_database_the_log_is_the_audit(caplog: pytest.LogCaptureFixture) -> None:
    trail = AuditLog(None, retention_days=0, on_failure="deny")
    trail(EVENT)
    trail.admit()
    await trail.flush()
    (record,) = [record for record in caplog.records if record.getMessage() == "audit"]
    assert record.__dict__["fields"]["event"] == "key.ok"


async def test_events_of_unknown_clients_do_not_displace_those_of_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onecgw.storage.audit_log.MAX_WAITING", 3)
    async with open_trail(tmp_path) as (trail, store):
        revoked = attrs.evolve(EVENT, event="grant.revoked")
        for record in (revoked, make_call()):
            trail(record)
        for number in range(5):
            trail(attrs.evolve(EVENT, event="key.failed", sub="", request_id=f"s-{number}"))
        await trail.flush()
        assert [(record["event"], record["request_id"]) for record in everything(store)] == [
            ("grant.revoked", "r-1"),
            ("call", "r-2"),
            ("key.failed", "s-4"),
        ]


async def test_events_of_unknown_clients_are_limited_per_minute(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        for _ in range(200):
            trail(attrs.evolve(EVENT, event="authorize.shown", sub=""))
        trail(attrs.evolve(EVENT, event="key.failed", sub=""))
        for _ in range(40):
            trail(EVENT)
        await trail.flush()
        names = [record["event"] for record in everything(store)]
    assert {name: names.count(name) for name in sorted(set(names))} == {
        "authorize.shown": 30,
        "key.failed": 1,
        "key.ok": 40,
    }


async def test_an_answer_waits_for_its_record_and_for_no_later_one(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store), trio.open_nursery() as nursery:
        await trail.confirm()  # nothing to wait for
        nursery.start_soon(trail.run)
        for number in range(3):
            trail(make_call(request_id=f"r-{number}"))
            await trail.confirm()
            assert [record["request_id"] for record in everything(store)] == [
                f"r-{earlier}" for earlier in range(number + 1)
            ]
        nursery.cancel_scope.cancel()


async def test_records_of_many_calls_share_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []

    def insert(_db: sqlite3.Connection, rows: list[Any]) -> None:
        batches.append(len(rows))

    monkeypatch.setattr("onecgw.storage.audit_log._insert", insert)

    async def call(trail: AuditLog) -> None:
        trail(make_call())
        await trail.confirm()

    async with open_trail(tmp_path) as (trail, _store), trio.open_nursery() as running:
        running.start_soon(trail.run)
        async with trio.open_nursery() as calls:
            for _ in range(30):
                calls.start_soon(call, trail)
        running.cancel_scope.cancel()
    assert batches[0] == 30


def is_open(trail: AuditLog) -> bool:
    try:
        trail.admit()
    except StorageUnavailable:
        return False
    return True


async def test_no_answer_leaves_while_its_record_cannot_be_written_and_none_is_lost(
    tmp_path: Path,
) -> None:
    async with open_trail(tmp_path) as (trail, store), trio.open_nursery() as nursery:
        nursery.start_soon(trail.run)
        store._writer.execute("PRAGMA query_only = ON")  # noqa: SLF001 - the disk is full
        for _ in range(2):  # while it is not known yet, and when it is
            trail(make_call())
            with pytest.raises(StorageUnavailable, match="nothing is answered without it"):
                await trail.confirm()
        store._writer.execute("PRAGMA query_only = OFF")  # noqa: SLF001 - there is room again
        while not is_open(trail):
            await trio.lowlevel.checkpoint()
        trail(make_call())
        await trail.confirm()
        assert [record["id"] for record in everything(store)] == [1, 2, 3]
        nursery.cancel_scope.cancel()


async def test_a_disk_that_hangs_keeps_no_caller_for_ever(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A transaction that does not return, and records that wait for the next one.
    hangs = trio.Event()
    monkeypatch.setattr("onecgw.storage.database.Database.write", lambda *_: hangs.wait())
    waited: list[float] = []

    async def call(trail: AuditLog) -> None:
        began = trio.current_time()
        trail(make_call())
        with pytest.raises(StorageUnavailable):
            await trail.confirm()
        waited.append(trio.current_time() - began)

    async with open_trail(tmp_path) as (trail, _store), trio.open_nursery() as running:
        running.start_soon(trail.run)
        async with trio.open_nursery() as calls:
            calls.start_soon(call, trail)
            await trio.sleep(1)
            calls.start_soon(call, trail)
        hangs.set()
        running.cancel_scope.cancel()
    assert len(waited) == 2
    assert all(CONFIRM_SECONDS <= one <= CONFIRM_SECONDS + LOOK_SECONDS for one in waited)


async def test_a_process_that_stood_still_refuses_no_answer_whose_record_is_written(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_written = trio.Event()
    monkeypatch.setattr("onecgw.storage.database.Database.write", lambda *_: is_written.wait())
    confirmed: list[float] = []

    async def call(trail: AuditLog) -> None:
        trail(make_call())
        await trail.confirm()
        confirmed.append(trio.current_time())

    async with open_trail(tmp_path) as (trail, _store), trio.open_nursery() as running:
        running.start_soon(trail.run)
        running.start_soon(call, trail)
        await trio.sleep(1)
        # The event loop notices both together: that the time is up, and that the record is written.
        autojump_clock.jump(CONFIRM_SECONDS + LOOK_SECONDS)
        await trio.sleep(LOOK_SECONDS / 2)
        is_written.set()
        await trio.sleep(LOOK_SECONDS)
        running.cancel_scope.cancel()
    assert len(confirmed) == 1


async def test_no_answer_leaves_whose_record_was_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onecgw.storage.audit_log.MAX_WAITING", 2)
    refused: list[int] = []

    async def call(trail: AuditLog, number: int) -> None:
        trail(make_call(request_id=f"r-{number}"))
        try:
            await trail.confirm()
        except StorageUnavailable:
            refused.append(number)

    async with open_trail(tmp_path) as (trail, store):
        async with trio.open_nursery() as calls:
            for number in range(3):
                calls.start_soon(call, trail, number)
            await trio.testing.wait_all_tasks_blocked()
            await trail.flush()
        assert len(everything(store)) == 2
    # Which of them was dropped is not known to each: all are refused.
    assert sorted(refused) == [0, 1, 2]


@pytest.mark.parametrize(
    ("on_failure", "gathered_seconds"), [("deny", 0), ("allow", GATHER_SECONDS)]
)
async def test_only_records_that_no_call_waits_for_are_gathered_while_nothing_happens(
    on_failure: str,
    gathered_seconds: float,
    tmp_path: Path,
    autojump_clock: trio.testing.MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began: list[float] = []
    has_begun = trio.Event()

    async def write(*_: object) -> None:
        began.append(trio.current_time())
        has_begun.set()
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr("onecgw.storage.database.Database.write", write)
    async with open_trail(tmp_path, on_failure=on_failure) as (trail, _store):
        async with trio.open_nursery() as running:
            running.start_soon(trail.run)
            trail(make_call())
            sent = trio.current_time()
            await has_begun.wait()
            running.cancel_scope.cancel()
        assert began[0] - sent == pytest.approx(gathered_seconds)


async def test_where_the_operator_allows_it_no_answer_waits(tmp_path: Path) -> None:
    async with open_trail(tmp_path, on_failure="allow") as (trail, store):
        trail(make_call())
        await trail.confirm()
        assert everything(store) == []


async def test_a_stop_writes_what_calls_still_wait_for(tmp_path: Path) -> None:
    confirmed: list[str] = []

    async def call(trail: AuditLog) -> None:
        trail(make_call())
        await trail.confirm()
        confirmed.append("r-2")

    async with open_trail(tmp_path) as (trail, store), trio.open_nursery() as calls:
        async with trio.open_nursery() as running:
            running.start_soon(trail.run)
            calls.start_soon(call, trail)
            await trio.testing.wait_all_tasks_blocked()
            running.cancel_scope.cancel()
        while not confirmed:
            await trio.lowlevel.checkpoint()
        assert len(everything(store)) == 1


async def test_a_caller_that_leaves_while_it_waits_has_its_record(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        trail(make_call())
        with trio.CancelScope() as scope:
            scope.cancel()
            await trail.confirm()
        assert scope.cancelled_caught
        await trail.flush()
        assert len(everything(store)) == 1


async def test_a_record_that_is_not_unicode_holds_up_no_other(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as (trail, store):
        trail(make_call(tool="half \ud83d", client="a \udcff", sub="s \ud800"))
        trail(make_call())
        await trail.flush()
        first, second = everything(store)
    assert (first["tool"], first["client"], first["sub"]) == (
        "half \ud83d",
        "a \\udcff",
        "s \\ud800",
    )
    assert second["sub"] == "owner"


async def test_other_writes_have_their_turn_while_old_records_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onecgw.storage.rows.SLICE_ROWS", 2)
    left: list[int] = []

    async def write_between(store: Database) -> None:
        def count(db: sqlite3.Connection) -> None:
            left.append(db.execute("SELECT count(*) FROM audit").fetchone()[0])

        await store.write(count)

    async with open_trail(tmp_path) as (trail, store):
        for _ in range(20):
            trail(attrs.evolve(EVENT, ts=datetime.now(UTC) - timedelta(days=91)))
        await trail.flush()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trail.sweep)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(write_between, store)
        assert everything(store) == []
    assert 0 < left[0] < 20


def test_the_file_is_looked_at_once_a_second_and_in_every_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("onecgw.storage.database.time.monotonic", lambda: now)
    store = Database(tmp_path / "onecgw.db")
    assert store.find_file_problem() == ""
    store.path.rename(tmp_path / "elsewhere.db")
    now = 100.9
    assert store.find_file_problem() == ""
    with pytest.raises(StorageUnavailable):
        store.write_here(lambda _db: None)
    now = 101.0
    assert "No such file" in store.find_file_problem()
    store.close()
