"""Structured logging to stderr: one line per event, as JSON or as key=value text.

Each call writes a line, so a line must not look up the stack, the thread or the process, which no
format shows, and plain values must not be read character by character: those were half its cost.
"""

import json
import logging
import re
import sys
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

import msgspec

from onecgw.observability.anonymous_limit import AnonymousLimit
from onecgw.observability.log_writer import QueuedHandler

_encoder: Final = msgspec.json.Encoder(enc_hook=str)
_BREAKS_A_PAIR: Final = re.compile(r'[ "=]|^$')


def encode_fields(fields: Mapping[str, object]) -> str:
    """Return fields as JSON; what is not a JSON value is written as its text."""
    try:
        return _encoder.encode(fields).decode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only escape
        return json.dumps(fields, default=str)


def set_up_logging(
    *, level: str, log_format: Literal["json", "text"], stream: TextIO | None = None
) -> None:
    """Write all log records of the process to stderr in one format.

    An event is logged as `log.info("onec.retry", extra={"fields": {"path": path}})`; fields hold no
    secrets, no bodies and no personal data.

    Args:
        level: of the gateway's own events. Of libraries only warnings and errors are logged:
            hpack writes Authorization and cookies at debug, and httpx whole URLs at info.
        log_format: of the lines.
        stream: written to at once; None: stderr, in a thread.
    """
    handler = _make_handler(stream)
    handler.setFormatter(_JsonFormatter() if log_format == "json" else _TextFormatter())
    handler.addFilter(AnonymousLimit())
    _look_nothing_up()
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING))
    logging.getLogger("onecgw").setLevel(level.upper())


def _look_nothing_up() -> None:
    """Switch off what logging finds out for each record, as its documentation describes."""
    logging._srcfile = None  # noqa: SLF001 - documented by this name
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _make_handler(stream: TextIO | None) -> logging.Handler:
    if stream is not None:
        return logging.StreamHandler(stream)
    try:
        return QueuedHandler(sys.stderr.fileno())
    except OSError:  # stderr was replaced by an object without a descriptor
        return logging.StreamHandler(sys.stderr)


def stamp(moment: datetime) -> str:
    """Return a time in UTC with milliseconds, as the log and the audit write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _fields(record: logging.LogRecord) -> dict[str, object]:
    head: dict[str, object] = {
        "ts": stamp(datetime.fromtimestamp(record.created, UTC)),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": record.getMessage(),
    }
    head.update(getattr(record, "fields", {}))
    return head


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return encode_fields(fields)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        ts, level, logger, event = (fields.pop(name) for name in ("ts", "level", "logger", "event"))
        pairs = "".join(f" {name}={quoted(value)}" for name, value in fields.items())
        line = f"{ts} {level} {logger} {event}{pairs}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def quoted(value: object) -> str:
    """Return a value as text; it is quoted if it could be read as a further pair or line."""
    if type(value) is int:
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if text.isprintable() and not _BREAKS_A_PAIR.search(text):
        return text
    return visible(json.dumps(text, ensure_ascii=False))


def visible(text: str) -> str:
    """Escape characters that control a terminal, change the text direction, or begin a line."""
    return "".join(
        character
        # Zs: spaces, such as those between thousands.
        if character.isprintable() or unicodedata.category(character) == "Zs"
        else json.dumps(character)[1:-1]
        for character in text
    )
