"""Structured logging to stderr or a file: one line per event, as JSON or as key=value text."""

import json
import logging
import sys
import unicodedata
from datetime import UTC, datetime
from functools import partial
from typing import Literal, TextIO

from onecgw.observability.anonymous_limit import AnonymousLimit
from onecgw.observability.log_file import RotatingFile
from onecgw.observability.log_writer import QueuedHandler, write_whole

LogFormat = Literal["json", "text"]


def set_up_logging(
    *,
    level: str,
    log_format: LogFormat,
    stream: TextIO | None = None,
    file: RotatingFile | None = None,
    worker: int = 0,
) -> None:
    """Write all log records of the process to stderr or a file, in one format.

    An event is logged as `log.info("onec.retry", extra={"fields": {"path": path}})`; fields hold no
    secrets, no bodies and no personal data.

    Args:
        level: of the gateway's own events. Of libraries only warnings and errors are logged:
            hpack writes Authorization and cookies at debug, and httpx whole URLs at info.
        log_format: of the lines.
        stream: written to at once; None: the file, else stderr, in a thread.
        file: None: stderr.
        worker: the number of a worker process, a field of each line; 0: there is none.
    """
    handler = _make_handler(stream, file)
    handler.addFilter(AnonymousLimit())
    if worker:
        handler.addFilter(partial(_number, worker))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    set_log_style(level=level, log_format=log_format)


def set_log_style(*, level: str, log_format: LogFormat) -> None:
    """Set the level and the format of the log, wherever it is written."""
    root = logging.getLogger()
    for handler in root.handlers:
        handler.setFormatter(_JsonFormatter() if log_format == "json" else _TextFormatter())
    root.setLevel(max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING))
    logging.getLogger("onecgw").setLevel(level.upper())


def _number(worker: int, record: logging.LogRecord) -> bool:
    record.fields = {"worker": worker, **getattr(record, "fields", {})}
    return True


def _make_handler(stream: TextIO | None, file: RotatingFile | None) -> logging.Handler:
    if stream is not None:
        return logging.StreamHandler(stream)
    if file is not None:
        return QueuedHandler(file.write)
    try:
        return QueuedHandler(partial(write_whole, sys.stderr.fileno()))
    except OSError:  # stderr was replaced by an object without a descriptor
        return logging.StreamHandler(sys.stderr)


def stamp(moment: datetime) -> str:
    """Return a time in UTC with milliseconds, as the log and the audit write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
        return json.dumps(fields, ensure_ascii=False, default=str)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        ts, level, logger, event = (fields.pop(name) for name in ("ts", "level", "logger", "event"))
        pairs = "".join(f" {name}={quoted(value)}" for name, value in fields.items())
        line = f"{ts} {level} {logger} {event}{pairs}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def quoted(value: object) -> str:
    """Return a value as text; it is quoted if it could be read as a further pair or line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    plain = text.isprintable() and not any(character in text for character in ' "=') and text != ""
    return text if plain else visible(json.dumps(text, ensure_ascii=False))


def visible(text: str) -> str:
    """Escape characters that control a terminal, change the text direction, or begin a line."""
    return "".join(
        character
        # Zs: spaces, such as those between thousands.
        if character.isprintable() or unicodedata.category(character) == "Zs"
        else json.dumps(character)[1:-1]
        for character in text
    )
