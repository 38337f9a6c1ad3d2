import sqlite3
import stat
from pathlib import Path

import pytest
import trio

from onecgw.errors import ConfigError, StorageUnavailable
from onecgw.oauth.storage.grants import delete_expired
from onecgw.storage.database import Database
from onecgw.storage.schema import APPLICATION_ID, FIRST, MIGRATIONS

NEWEST = FIRST + len(MIGRATIONS) - 1


def count(db: sqlite3.Connection) -> int:
    found: int = db.execute("SELECT count(*) FROM denied_clients").fetchone()[0]
    return found


def insert(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO denied_clients VALUES (randomblob(32), 'c', 'C', 0)")


def test_a_new_file_is_private_durable_and_of_the_newest_schema(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "onecgw.db"
    store = Database(path)
    pragmas = {
        name: store.read(lambda db, name=name: db.execute(f"PRAGMA {name}").fetchone()[0])  # type: ignore[misc]
        for name in ("journal_mode", "synchronous", "user_version")
    }
    store.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "user_version": NEWEST}


def test_a_file_of_a_newer_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.db"
    Database(path).close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {NEWEST + 1}")
    db.close()
    with pytest.raises(ConfigError, match="start the newer version, or restore an older copy"):
        Database(path)


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def test_a_file_from_before_the_first_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE denied_clients (hash BLOB PRIMARY KEY, denied_at INTEGER NOT NULL)")
    db.execute("PRAGMA user_version = 1")
    db.close()
    before = contents(path)
    with pytest.raises(ConfigError, match=r"before its first release.*people log in again"):
        Database(path)
    assert contents(path) == before


@pytest.mark.parametrize("version", [0, 1, 7])
def test_the_database_of_another_program_is_refused_and_left_alone(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "books.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE books (title TEXT)")
    db.execute(f"PRAGMA user_version = {version}")
    db.close()
    path.chmod(0o644)
    before = contents(path)
    with pytest.raises(ConfigError, match="the database of another program"):
        Database(path)
    assert contents(path) == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_says_whose_it_is(tmp_path: Path) -> None:
    Database(tmp_path / "onecgw.db").close()
    db = sqlite3.connect(tmp_path / "onecgw.db")
    assert db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    db.close()


def test_a_copy_is_made_before_a_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "onecgw.db"
    store = Database(path)
    store.write_here(insert)
    store.close()
    more = (*MIGRATIONS, ("CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT",))
    monkeypatch.setattr("onecgw.storage.database.MIGRATIONS", more)
    store = Database(path)
    assert store.read(lambda db: db.execute("SELECT count(*) FROM more").fetchone()[0]) == 0
    assert store.read(count) == 1
    store.close()
    copy = sqlite3.connect(tmp_path / f"onecgw.db.v{NEWEST}")
    assert count(copy) == 1
    assert copy.execute("PRAGMA user_version").fetchone()[0] == NEWEST
    copy.close()


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\x00" + b"x" * 200])
def test_a_file_that_is_no_database_is_reported_and_not_changed(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "onecgw.db"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be opened"):
        Database(path)
    assert path.read_bytes() == content


async def test_readers_see_what_was_committed_and_nothing_else(tmp_path: Path) -> None:
    store = Database(tmp_path / "onecgw.db")
    seen: list[int] = []

    def transition(db: sqlite3.Connection) -> None:
        insert(db)
        seen.append(store.read(count))
        insert(db)

    await store.write(transition)
    seen.append(store.read(count))
    with pytest.raises(StorageUnavailable):
        store.read(insert)
    store.close()
    assert seen == [0, 2]


async def test_a_cancelled_caller_leaves_a_transition_whole(tmp_path: Path) -> None:
    store = Database(tmp_path / "onecgw.db")
    has_begun = trio.Event()

    def transition(db: sqlite3.Connection) -> None:
        insert(db)
        trio.from_thread.run_sync(has_begun.set)
        insert(db)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.write, transition)
        await has_begun.wait()
        nursery.cancel_scope.cancel()
    assert store.read(count) == 2
    store.close()


@pytest.mark.parametrize("how", ["gone", "replaced", "full", "read-only"])
async def test_a_file_that_cannot_be_written_is_noticed(tmp_path: Path, how: str) -> None:
    path = tmp_path / "onecgw.db"
    store = Database(path)
    assert await store.probe() == ""
    writer = store._writer  # noqa: SLF001 - where a full or read-only disk is played
    if how == "gone":
        path.rename(tmp_path / "elsewhere.db")
    elif how == "replaced":
        path.rename(tmp_path / "elsewhere.db")
        path.touch()
    elif how == "full":
        writer.execute("PRAGMA max_page_count = 1")
    else:
        writer.execute("PRAGMA query_only = ON")

    def fill(db: sqlite3.Connection) -> None:
        for _ in range(5000):
            insert(db)

    with pytest.raises(StorageUnavailable) as caught:
        await store.write(fill)
    assert caught.value.retry_after_seconds
    assert str(caught.value.__cause__) != ""
    if how != "full":  # where the little that a probe writes may find room
        assert await store.probe() != ""
    assert store.read(count) == 0
    store.close()


def test_what_has_expired_is_found_by_indexes(tmp_path: Path) -> None:
    store = Database(tmp_path / "onecgw.db")
    statements: list[str] = []
    store._writer.set_trace_callback(statements.append)  # noqa: SLF001 - what a removal runs
    store.write_here(lambda db: delete_expired(db, now=1))
    store._writer.set_trace_callback(None)  # noqa: SLF001
    removals = [one for one in statements if one.startswith("DELETE FROM")]

    def plan(db: sqlite3.Connection) -> list[str]:
        return [
            row["detail"]
            for removal in removals
            for row in db.execute(f"EXPLAIN QUERY PLAN {removal}")
        ]

    plans = store.read(plan)
    store.close()
    assert len(removals) == 5
    assert [line for line in plans if line.startswith("SCAN")] == []
