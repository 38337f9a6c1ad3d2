"""Read the audit from the database."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs

from onecgw.observability.logging import stamp


@attrs.frozen(kw_only=True)
class AuditQuery:
    """Which records to read; None: no condition.

    since: the oldest moment. sub, event: equal to this; an event that ends with a dot is a prefix.
    after_id: only records with a larger id.
    """

    since: datetime | None = None
    sub: str | None = None
    event: str | None = None
    after_id: int = 0


def read_audit(db: sqlite3.Connection, query: AuditQuery) -> Iterator[dict[str, Any]]:
    """Yield the records, the oldest first, each as one flat object with its `id`."""
    conditions = ["id > ?"]
    arguments: list[object] = [query.after_id]
    if query.since is not None:
        conditions.append("ts >= ?")
        arguments.append(int(query.since.timestamp() * 1000))
    if query.sub is not None:
        conditions.append("sub = ?")
        arguments.append(query.sub)
    if query.event is not None:
        is_kind = query.event.endswith(".")
        conditions.append("substr(event, 1, ?) = ?" if is_kind else "event = ?")
        arguments.extend([len(query.event), query.event] if is_kind else [query.event])
    rows = db.execute(
        f"SELECT * FROM audit WHERE {' AND '.join(conditions)} ORDER BY id",  # noqa: S608 - the conditions are constants
        arguments,
    )
    for row in rows:
        yield {
            "id": row["id"],
            "ts": stamp(datetime.fromtimestamp(row["ts"] / 1000, UTC)),
            "event": row["event"],
            "request_id": row["request_id"],
            "sub": row["sub"],
            "client": row["client"],
            **json.loads(row["detail"]),
        }
