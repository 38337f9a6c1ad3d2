"""The database for the verbs of an administrator, beside a gateway that may be running."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import click

from onecgw.audit import AuditEvent, write_event
from onecgw.errors import ConfigError
from onecgw.settings import Settings
from onecgw.store import Store

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
    finally:
        store.close()


def tell(
    db: sqlite3.Connection,
    event: str,
    *,
    sub: str = "",
    client: str = "",
    grant: str = "",
    detail: str = "",
) -> None:
    """Write into the audit what an administrator did, in the transaction that does it."""
    record = AuditEvent(
        ts=datetime.now(UTC),
        event=event,
        request_id="cli",
        sub=sub,
        client=client,
        grant=grant,
        detail=detail,
    )
    write_event(db, record)
