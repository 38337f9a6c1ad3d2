"""Structured logging to stderr or a file: one line per event, as JSON or as key=value text.

Each call writes a line, so a line must not look up the stack, the thread or the process, which no
format shows, and plain values must not be read character by character: those were half its cost.
"""

import json
import logging
import re
import sys
import unicodedata
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal, TextIO

import msgspec

from onecgw.observability.anonymous_limit import AnonymousLimit
from onecgw.observability.log_file import RotatingFile
from onecgw.observability.log_writer import QueuedHandler, write_whole

LogFormat = Literal["json", "text"]

_encoder: Final = msgspec.json.Encoder(enc_hook=str)
_PLAIN: Final = re.compile(r"[!#-<>-~]+").fullmatch  # printable ASCII without space, " and =
_BREAKS_A_PAIR: Final = re.compile(r'[ "=]|^$')


def encode_json(value: object) -> str:
    """Return a value as JSON; what has no form in JSON is written as its text."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only escape
        return json.dumps(value, default=str)


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
    _look_nothing_up()
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


def _look_nothing_up() -> None:
    """Switch off what logging finds out for each record, as its documentation describes."""
    logging._srcfile = None  # noqa: SLF001 - documented by this name
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


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
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


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
        return encode_json(fields)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        ts, level, logger, event = (fields.pop(name) for name in ("ts", "level", "logger", "event"))
        pairs = "".join(f" {name}={quoted(value)}" for name, value in fields.items())
        line = f"{ts} {level} {logger} {event}{pairs}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def quoted(value: object) -> str:
    """Return a value as text; it is quoted if it could be read as a further pair or line."""
    if isinstance(value, str):
        # Nearly all values are of this kind: one look at each, instead of one at each character.
        if _PLAIN(value):
            return value
        text = value
    elif type(value) is int:
        return str(value)
    else:
        text = encode_json(value)
    if not text.isprintable():
        return visible(encode_json(text))
    return encode_json(text) if _BREAKS_A_PAIR.search(text) else text


def visible(text: str) -> str:
    """Escape characters that control a terminal, change the text direction, or begin a line."""
    return "".join(
        character
        # Zs: spaces, such as those between thousands.
        if character.isprintable() or unicodedata.category(character) == "Zs"
        else json.dumps(character)[1:-1]
        for character in text
    )
