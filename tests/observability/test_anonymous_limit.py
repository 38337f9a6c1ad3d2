"""Events of unknown callers do not fill the log."""

import logging

from onecgw.observability.anonymous_limit import ANONYMOUS_LINES_PER_MINUTE, AnonymousLimit


def test_anonymous_events_have_a_budget_a_minute_and_the_rest_is_counted() -> None:
    now = 0.0
    limit = AnonymousLimit(lambda: now)

    def is_written(event: str, **extra: object) -> logging.LogRecord | None:
        record = logging.LogRecord("onecgw.x", logging.INFO, "", 0, event, None, None)
        vars(record).update(extra)
        return record if limit.filter(record) else None

    written = [
        is_written("refused", is_anonymous=True) for _ in range(ANONYMOUS_LINES_PER_MINUTE + 7)
    ]
    assert [record is not None for record in written] == [True] * ANONYMOUS_LINES_PER_MINUTE + [
        False
    ] * 7
    assert is_written("refused")
    assert is_written("audit", is_anonymous=True, fields={"event": "key.failed"})
    now = 61.0
    record = is_written("refused", is_anonymous=True, fields={"peer": "a"})
    assert record is not None
    assert record.fields == {"peer": "a", "dropped_before": 7}  # type: ignore[attr-defined]
    record = is_written("refused", is_anonymous=True, fields={"peer": "a"})
    assert record is not None
    assert record.fields == {"peer": "a"}  # type: ignore[attr-defined]
