"""The progress of a call to 1C, and its line in the log."""

import logging
from types import TracebackType

import attrs
import trio

from onecgw.backends.errors.error_text import log_line
from onecgw.backends.errors.failures import Failure
from onecgw.backends.http.transport import HttpRequest
from onecgw.errors import OnecError, OnecRejected
from onecgw.observability.onec_spans import note_request

log = logging.getLogger(__name__)


@attrs.define(kw_only=True)
class CallRecord:
    """The state of a call while it runs.

    phase: waiting (for its turn) or asking (sent to 1C). failure: the latest one.
    """

    request: HttpRequest
    started: float = attrs.field(factory=trio.current_time)
    phase: str = "waiting"
    attempt: int = 0
    failure: Failure | None = None
    size_bytes: int = 0

    def fields(self) -> dict[str, object]:
        """The fields of every log line about the call."""
        return {
            "path": self.request.path,
            "request_id": self.request.request_id,
            "sub": self.request.sub,
            "attempt": self.attempt,
            "duration_ms": round((trio.current_time() - self.started) * 1000),
        }


class log_call:  # noqa: N801 - it is called like a function
    """Logs one line for the call in its body: its outcome and how long it took.

    A class, because each call to 1C runs in it, and a generator's context manager costs more.
    """

    __slots__ = ("_record",)

    def __init__(self, record: CallRecord) -> None:
        self._record = record

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        record, code = self._record, "cancelled"
        if error is None:
            code = "ok"
            if log.isEnabledFor(logging.DEBUG):
                size = {"bytes": record.size_bytes}
                log.debug("onec.call", extra={"fields": {**record.fields(), **size}})
        elif isinstance(error, OnecError):
            code = error.code
            seen = failure_fields(record.failure) if record.failure else {"class": error.code}
            level = logging.INFO if isinstance(error, OnecRejected) else logging.WARNING
            log.log(level, "onec.failed", extra={"fields": {**record.fields(), **seen}})
        elif isinstance(error, trio.Cancelled):
            late = trio.current_time() >= trio.current_effective_deadline()
            fields = {"phase": record.phase, "why": "deadline" if late else "cancelled"}
            log.info("onec.cancelled", extra={"fields": {**record.fields(), **fields}})
        note_request(
            record.request.request_id,
            method=record.request.method,
            path=record.request.path,
            code=code,
            duration_seconds=trio.current_time() - record.started,
        )


def failure_fields(failure: Failure) -> dict[str, object]:
    """The log fields of a failure: enough to diagnose it, without body, cookie or credentials."""
    seen: dict[str, object] = {"class": failure.error.code}
    if failure.reply is not None:
        seen["status"] = failure.reply.status
        if "location" in failure.reply.headers:
            target, _, _ = failure.reply.headers["location"].partition("?")
            seen["location"] = log_line(target)
        if "server" in failure.reply.headers:
            seen["server"] = log_line(failure.reply.headers["server"])
    if failure.reason:
        seen["reason"] = failure.reason
    return seen
