"""The SQLite database: opening, migration, transactions."""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

import trio

from onecgw.errors import ConfigError, StorageUnavailable
from onecgw.locales.text import say
from onecgw.storage.schema import APPLICATION_ID, FIRST, MIGRATIONS

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")
Transition = Callable[Concatenate[sqlite3.Connection, P], T]

BUSY_TIMEOUT_SECONDS: Final = 5  # SQLite must return, because a deadline does not end a thread
RETRY_AFTER_SECONDS: Final = 5
LOOK_SECONDS: Final = 1  # how old a look at the file may be when a call begins
OWNER_ONLY: Final = 0o600
FOLDER_OWNER_ONLY: Final = 0o700


class Database:
    """An open SQLite database.

    One connection writes, in a thread and one transaction at a time. The other reads, in the
    thread of the caller: in WAL mode a reader never waits for a writer, and sees only committed
    rows.

    Args:
        path: the file; it and its folder are created if they do not exist.

    Raises:
        ConfigError: the file cannot be opened, or was written by another program, by a newer
            version of the gateway, or by one before the first release. It is not changed then.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._limiter = trio.CapacityLimiter(1)
        try:
            _create(path)
            inspect_database(path)
            with contextlib.ExitStack() as opened:
                self._writer = opened.enter_context(contextlib.closing(_connect(path)))
                _migrate(self._writer, path)
                self._reader = opened.enter_context(contextlib.closing(_connect(path)))
                self._reader.execute("PRAGMA query_only = ON")
                self._inode = path.stat().st_ino
                self._seen: tuple[float, str] = (0.0, "")
                opened.pop_all()
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"database.path: {path} cannot be opened: {error}") from error

    async def write(self, transition: Transition[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in one transaction, in a thread; it takes the connection first.

        Cancellation waits for the end of a transaction that has begun.

        Raises:
            StorageUnavailable: the transaction failed, and nothing was written.
        """
        call = partial(self.write_here, transition, *args, **kwargs)
        return await trio.to_thread.run_sync(call, limiter=self._limiter)

    async def write_slices(
        self, transition: Transition[P, bool], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run a function in one transaction after another, until it returns that nothing is left.

        Raises:
            StorageUnavailable: a transaction failed; those before it are committed.
        """
        while await self.write(transition, *args, **kwargs):
            pass  # others that wait for the writer have their turn first

    def write_here(self, transition: Transition[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in one transaction, in this thread; for commands without other tasks.

        Raises:
            StorageUnavailable: the transaction failed, and nothing was written.
        """
        try:
            self._require_file()
            return _commit(self._writer, lambda db: transition(db, *args, **kwargs))
        except (OSError, sqlite3.Error) as error:
            raise _unavailable(error) from error

    def read(self, query: Transition[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a function that reads; it takes the connection first.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        try:
            return query(self._reader, *args, **kwargs)
        except sqlite3.Error as error:
            raise _unavailable(error) from error

    async def probe(self) -> str:
        """Write a row; return why that failed, "" if it did not."""
        try:
            await self.write(_touch)
        except StorageUnavailable as error:
            return str(error.__cause__)
        return ""

    def close(self) -> None:
        """Close both connections."""
        self._reader.close()
        self._writer.close()

    def _require_file(self) -> None:
        """Check that the path is still the opened file.

        SQLite does not notice that the file was deleted, and goes on writing to it.
        """
        if self.path.stat().st_ino != self._inode:
            raise OSError(f"{self.path} was replaced while the gateway runs")

    def find_file_problem(self) -> str:
        """Return why the path is not the opened file any more; "" if it is.

        Every call needs this, so it may be LOOK_SECONDS old; a transaction looks itself.
        """
        now = time.monotonic()
        if now >= self._seen[0]:
            try:
                self._require_file()
                problem = ""
            except OSError as error:
                problem = str(error)
            self._seen = (now + LOOK_SECONDS, problem)
        return self._seen[1]


def _commit(connection: sqlite3.Connection, transition: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = transition(connection)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # some errors have rolled back already
            connection.execute("ROLLBACK")
        raise
    return result


def _touch(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE probe SET at = unixepoch()")


def _unavailable(error: Exception) -> StorageUnavailable:
    log.error("database.failed", extra={"fields": {"reason": str(error)}})
    return StorageUnavailable(say("errors.database"), retry_after_seconds=RETRY_AFTER_SECONDS)


def _create(path: Path) -> None:
    """Create an empty file that only its owner may read; SQLite's other files get the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_OWNER_ONLY)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))


def inspect_database(path: Path) -> None:
    """Check that this version may write the file, before anything in it is changed.

    Raises:
        ConfigError: it may not.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS)) as connection:
        found = _pragma(connection, "user_version")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        is_ours = _pragma(connection, "application_id") == APPLICATION_ID
    if not is_ours and 0 < found < FIRST and "denied_clients" in tables:
        raise ConfigError(
            f"database.path: {path} was written by onecgw before its first release, and the logins"
            " and keys in it cannot be read any more; move the file away to begin with an empty"
            " one: people log in again, local keys are made again, the old audit stays in the old"
            " file"
        )
    if not is_ours and (tables or found):
        raise ConfigError(f"database.path: {path} is the database of another program")
    if found > _newest():
        raise ConfigError(
            f"database.path: {path} has schema {found}, and this version of onecgw knows"
            f" {_newest()}; start the newer version, or restore an older copy"
        )
    if path.stat().st_mode & 0o077:
        path.chmod(OWNER_ONLY)


def _newest() -> int:
    return FIRST + len(MIGRATIONS) - 1


def _connect(path: Path) -> sqlite3.Connection:
    # Transactions begin explicitly; one thread at a time uses the writer.
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Deleted rows are overwritten, so that encrypted keys do not stay in free pages.
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Migrate the schema to the newest version, after a copy of the file is made."""
    found = _pragma(connection, "user_version")
    if found == _newest():
        return
    if found:
        _copy(connection, path.with_name(f"{path.name}.v{found}"))

    def migrate(connection: sqlite3.Connection) -> None:
        # Another process may have migrated the file since it was read.
        at = _pragma(connection, "user_version")
        for statements in MIGRATIONS[max(0, at - FIRST + 1) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_newest()}")

    _commit(connection, migrate)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    _create(target)
    with contextlib.closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, while others may write to it, and verify the copy.

    Raises:
        ConfigError: it cannot be read or copied, or the copy is damaged.
    """
    try:
        with contextlib.closing(
            sqlite3.connect(source, timeout=BUSY_TIMEOUT_SECONDS)
        ) as connection:
            _copy(connection, target)
        verify_database(target)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"{source} cannot be copied to {target}: {error}") from error


def verify_database(path: Path) -> None:
    """Check that a file is an undamaged database that this version can open.

    Raises:
        ConfigError: it is not, or it has a newer schema.
    """
    inspect_database(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        # One file is complete only without a write-ahead log beside it.
        connection.execute("PRAGMA journal_mode = DELETE")
        problems = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
    if problems != ["ok"]:
        raise ConfigError(f"{path} is damaged: {problems[0]}")


def is_database_open(path: Path) -> bool:
    """Whether another process has the database open, as a gateway that runs.

    SQLite leaves its WAL mode only if this connection is the only one.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            # Python 3.11 and newer have the code; any other failure is the caller's to see.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return True
    return False
