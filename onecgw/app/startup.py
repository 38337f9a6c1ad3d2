"""Find and load the settings of a command, and set up its log."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

try:
    import resource
except ImportError:  # Windows, which writes no core dumps
    resource = None  # type: ignore[assignment]

from onecgw.errors import ConfigError
from onecgw.observability.log_file import RotatingFile
from onecgw.observability.logging import set_up_logging
from onecgw.settings import Settings
from onecgw.settings.conflicts import FOR_SERVER, Check
from onecgw.settings.load import find_config, load_settings

LogLevel = Literal["debug", "info", "warning", "error"]


def open_settings(
    config: Path | None = None,
    *,
    checks: Iterable[Check] = FOR_SERVER,
    log_level: LogLevel | None = None,
) -> Settings:
    """Load the settings and set up logging as they say.

    Args:
        config: the file; None: CONFIG_PATH, then the default places.
        checks: what the command needs, from `onecgw.settings.conflicts`.
        log_level: for a command whose output a person reads; None: log.level.

    Raises:
        ConfigError: there is no settings file, or the settings are invalid.
    """
    path = find_config(config, os.environ, Path.cwd())
    settings = load_settings(path, os.environ, checks=checks)
    set_up_process(settings, log_level=log_level)
    return settings


def set_up_process(
    settings: Settings, *, log_level: LogLevel | None = None, worker: int = 0
) -> None:
    """Set up the log of this process as the settings say, and forbid core dumps.

    Args:
        settings: the whole configuration.
        log_level: for a command whose output a person reads, on stderr; None: log.level.
        worker: the number of a worker process, which its lines have; 0: it has none.

    Raises:
        ConfigError: log.file cannot be written.
    """
    set_up_logging(
        level=log_level or settings.log.level,
        log_format=settings.log.format,
        file=_log_file(settings) if log_level is None else None,
        worker=worker,
    )
    if log_level is not None and settings.audit.retention_days:
        # The audit logs its records whatever the level; here the database has them.
        for handler in logging.getLogger().handlers:
            handler.setLevel(log_level.upper())
    _forbid_core_dumps()


def _log_file(settings: Settings) -> RotatingFile | None:
    log = settings.log
    if log.file is None:
        return None
    try:
        return RotatingFile(log.file, max_bytes=log.file_max_bytes, files_kept=log.files_kept)
    except OSError as error:
        raise ConfigError(f"log.file: {log.file} cannot be written: {error.strerror}") from error


def _forbid_core_dumps() -> None:
    """A core dump would hold tokens and keys."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
