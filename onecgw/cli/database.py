"""The database for the verbs of an administrator, beside a gateway that may be running."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, TypeVar

import attrs
import click

from onecgw.errors import ConfigError, StorageUnavailable
from onecgw.settings import Settings
from onecgw.storage.audit_log import AuditEvent, insert_event, log_audit
from onecgw.storage.database import Store

T = TypeVar("T")

BY_ADMINISTRATOR: Final = "by the administrator"


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """The database of the settings, closed at the end.

    Raises:
        ConfigError: it is not there, or cannot be opened.
    """
    path = settings.database.path
    try:
        is_there = path.is_file()
    except OSError as error:  # a folder that this user may not enter
        raise ConfigError(f"database.path: {path} cannot be opened: {error.strerror}") from error
    if not is_there:
        raise ConfigError(
            f"database.path: there is no {path.absolute()}. The gateway makes it when it starts;"
            " give --config the settings that it runs with, and run this in the folder where it"
            " runs, if the path is relative"
        )
    with make_store(settings) as store:
        yield store


@contextmanager
def make_store(settings: Settings) -> Iterator[Store]:
    """The same, but it is made if it is not there, which is told.

    Raises:
        ConfigError: it cannot be opened or made.
    """
    path = settings.database.path
    is_new = not path.exists()
    store = Store(path)
    if is_new:
        click.echo(f"Made the database {path.absolute()}.", err=True)
    try:
        yield store
    except StorageUnavailable as error:
        raise click.ClickException(
            f"nothing was changed: {path.absolute()} cannot be used: {error.__cause__}. Look at the"
            " disk, and at the rights of this user on the file and its folder"
        ) from error
    finally:
        store.close()


@attrs.frozen(kw_only=True)
class Change:
    """What an administrator changes, as one transaction, and what the audit says of it."""

    db: sqlite3.Connection
    events: list[AuditEvent] = attrs.field(factory=list)

    def tell(
        self, event: str, *, sub: str = "", client: str = "", grant: str = "", detail: str = ""
    ) -> None:
        """Write into the audit what was done."""
        told = AuditEvent(
            ts=datetime.now(UTC),
            event=event,
            request_id="cli",
            sub=sub,
            client=client,
            grant=grant,
            detail=detail,
        )
        insert_event(self.db, told)
        self.events.append(told)


def change(store: Store, transition: Callable[[Change], T]) -> T:
    """The result of a transition; its events are logged once it is done, and else not.

    Raises:
        StorageUnavailable: nothing was changed.
    """

    def run(db: sqlite3.Connection) -> tuple[T, list[AuditEvent]]:
        began = Change(db=db)
        return transition(began), began.events

    result, events = store.write_here(run)
    for event in events:
        log_audit(event)
    return result
