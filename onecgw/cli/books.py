"""The database for the verbs of an administrator, beside a gateway that may be running."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from onecgw.audit import AuditEvent, write_event
from onecgw.settings import Settings
from onecgw.store import Store


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """The database of the settings, closed at the end.

    Raises:
        ConfigError: it cannot be opened.
    """
    store = Store(settings.database.path)
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
