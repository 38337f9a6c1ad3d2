"""Audit events of the authorization server."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import attrs

from onecgw.storage.audit_log import AuditEvent

MAX_DETAIL_CHARACTERS: Final = 200  # of text that a client sent, in one audit record


@attrs.frozen(kw_only=True)
class RequestOrigin:
    """Where a request came from. ip: "" if unknown."""

    request_id: str
    ip: str


@attrs.frozen
class EventRecorder:
    """Writes events to the audit, with the client's text shortened."""

    _write: Callable[[AuditEvent], None]

    def __call__(
        self,
        event: str,
        origin: RequestOrigin,
        *,
        sub: str = "",
        client: str = "",
        grant: str = "",
        detail: str = "",
    ) -> None:
        """Write one event. sub, client, grant: "" if unknown."""
        self._write(
            AuditEvent(
                ts=datetime.now(UTC),
                event=event,
                request_id=origin.request_id,
                sub=sub,
                client=client[:MAX_DETAIL_CHARACTERS],
                grant=grant,
                ip=origin.ip,
                detail=detail[:MAX_DETAIL_CHARACTERS],
            )
        )
