"""One record per call: who asked what, how it ended, never what was answered."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import attrs

log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class AuditRecord:
    """What is kept of one call.

    ts: UTC, when the call began. code: "ok" or the stable code of the error; "cancelled" when the
    caller went away. rows: of the answer, None where it has none. bytes: of the answer.
    onec_calls: how many calls to 1C it took; 0 = answered from the cache or refused before.
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


AuditSink = Callable[[AuditRecord], None]


def log_audit(record: AuditRecord) -> None:
    """Write a record as one line of the log, whatever the log's level."""
    log.setLevel(logging.INFO)
    fields = attrs.asdict(record)
    fields["ts"] = (
        record.ts.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    log.info("audit", extra={"fields": fields})
