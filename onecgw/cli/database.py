"""The database for the commands of an administrator; a gateway may run beside them."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import click

from onecgw.app.startup import open_settings
from onecgw.cli.language import say
from onecgw.errors import ConfigError, StorageUnavailable
from onecgw.settings import Settings
from onecgw.settings.conflicts import FOR_ADMINISTRATION
from onecgw.storage.audit_log import AuditEvent, insert_event, log_audit
from onecgw.storage.database import Database

T = TypeVar("T")

BY_ADMINISTRATOR: Final = "by the administrator"


def administration_settings(config: Path | None) -> Settings:
    """The settings of a command that only uses the database; the log does not mix with its text.

    Raises:
        ConfigError: there is no settings file, or the settings are invalid.
    """
    return open_settings(config, checks=FOR_ADMINISTRATION, log_level="error")


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the database of the settings, and close it at the end.

    Raises:
        ConfigError: the file does not exist, or cannot be opened.
    """
    path = settings.database.path
    try:
        exists = path.is_file()
    except OSError as error:  # no permission on a folder
        raise ConfigError(f"database.path: {path} cannot be opened: {error.strerror}") from error
    if not exists:
        raise ConfigError(
            f"database.path: there is no {path.absolute()}. The gateway makes it when it starts;"
            " give --config the settings that it runs with, and run this in the folder where it"
            " runs, if the path is relative"
        )
    with create_database(settings) as database:
        yield database


@contextmanager
def create_database(settings: Settings) -> Iterator[Database]:
    """Open the database; create it if it does not exist, and print that.

    Raises:
        ConfigError: it cannot be opened or created.
    """
    path = settings.database.path
    is_new = not path.exists()
    database = Database(path)
    if is_new:
        say("Made the database {path}.", err=True, path=path.absolute())
    try:
        yield database
    except StorageUnavailable as error:
        raise click.ClickException(
            f"nothing was changed: {path.absolute()} cannot be used: {error.__cause__}. Look at the"
            " disk, and at the rights of this user on the file and its folder"
        ) from error
    finally:
        database.close()


@attrs.frozen(kw_only=True)
class AdminTransaction:
    """A transaction of an administrator, with the audit events of its changes."""

    db: sqlite3.Connection
    events: list[AuditEvent] = attrs.field(factory=list)

    def record(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - members of AuditEvent
        """Insert an audit event, for example `key.added` with its `sub` and `detail`."""
        recorded = AuditEvent(ts=datetime.now(UTC), event=event, request_id="cli", **facts)
        insert_event(self.db, recorded)
        self.events.append(recorded)


def run_transaction(database: Database, work: Callable[[AdminTransaction], T]) -> T:
    """Return the result of `work`; its events are logged after the commit.

    Raises:
        StorageUnavailable: the transaction failed, and nothing was changed.
    """

    def run(db: sqlite3.Connection) -> tuple[T, list[AuditEvent]]:
        transaction = AdminTransaction(db=db)
        return work(transaction), transaction.events

    result, events = database.write_here(run)
    for event in events:
        log_audit(event)
    return result
