import io
import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from onecgw.observability.logging import set_up_logging, stamp
from onecgw.storage.audit_log import AuditRecord, log_audit

pytestmark = pytest.mark.usefixtures("log_is_given_back")

STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


def logged(log_format: Literal["json", "text"], level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_logging(level=level, log_format=log_format, stream=stream)
    return stream


def test_a_json_line_is_one_event_with_its_fields() -> None:
    stream = logged("json")

    logging.getLogger("onecgw.x").info("onec.retry", extra={"fields": {"path": "/їжак", "n": 1}})

    line = json.loads(stream.getvalue())
    assert STAMP.fullmatch(line.pop("ts"))
    assert line == {
        "level": "info",
        "logger": "onecgw.x",
        "event": "onec.retry",
        "path": "/їжак",
        "n": 1,
    }


def test_a_text_line_cannot_be_forged_by_a_value() -> None:
    stream = logged("text")

    fields = {"plain": "a/b", "forged": 'x\nlevel=error a="b"', "none": None, "empty": ""}
    logging.getLogger("onecgw.x").info("event", extra={"fields": fields})

    (line,) = stream.getvalue().splitlines()
    assert line.split(" ", 1)[1] == (
        'info onecgw.x event plain=a/b forged="x\\nlevel=error a=\\"b\\"" none=null empty=""'
    )


def test_a_text_line_does_not_steer_the_terminal_that_shows_it() -> None:
    stream = logged("text")

    fields = {"name": "\x9b2J\u202eїжак\u2028", "sum": "1\u00a0000"}
    logging.getLogger("onecgw.x").info("event", extra={"fields": fields})

    assert stream.getvalue().split(" ", 4)[4] == (
        'name="\\u009b2J\\u202eїжак\\u2028" sum="1\u00a0000"\n'
    )


def test_a_failure_is_logged_with_its_traceback() -> None:
    stream = logged("json")

    logging.getLogger("onecgw.x").error("x.failed", exc_info=ValueError("why"))

    assert "ValueError: why" in json.loads(stream.getvalue())["exception"]


def test_lines_below_the_level_are_not_shown() -> None:
    stream = logged("json", level="error")

    logging.getLogger("onecgw.x").warning("unseen")

    assert stream.getvalue() == ""


def test_the_audit_is_written_whatever_the_level() -> None:
    stream = logged("json", level="error")

    began = stamp(datetime.now(UTC))
    log_audit(
        AuditRecord(
            ts=datetime(2026, 11, 22, 10, 0, 0, 500, tzinfo=UTC),
            request_id="r",
            surface="mcp",
            sub="s",
            client="c 1.0",
            tool="t",
            ok=False,
            code="onec_timeout",
            duration_ms=5,
            rows=None,
            bytes=0,
            onec_calls=1,
        )
    )

    line = json.loads(stream.getvalue())
    # The line's own time is that of its writing.
    assert line.pop("ts") >= began
    assert line == {
        "started_at": "2026-11-22T10:00:00.000Z",
        "level": "info",
        "logger": "onecgw.storage.audit_log",
        "event": "audit",
        "request_id": "r",
        "surface": "mcp",
        "sub": "s",
        "client": "c 1.0",
        "tool": "t",
        "ok": False,
        "code": "onec_timeout",
        "duration_ms": 5,
        "rows": None,
        "bytes": 0,
        "onec_calls": 1,
        "traceparent": "",
        "grant": "",
        "ip": "",
    }


def test_half_a_character_is_escaped_in_a_json_line() -> None:
    stream = logged("json")

    fields = {"name": "half \ud83d", "path": Path("a/b")}
    logging.getLogger("onecgw.x").info("event", extra={"fields": fields})

    line = json.loads(stream.getvalue())
    assert (line["name"], line["path"]) == ("half \ud83d", "a/b")
