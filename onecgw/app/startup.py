"""Find and load the settings of a command, and set up its log."""

import os
from collections.abc import Iterable
from pathlib import Path

try:
    import resource
except ImportError:  # Windows, which writes no core dumps
    resource = None  # type: ignore[assignment]

from onecgw.observability.logging import set_up_logging
from onecgw.settings import Settings
from onecgw.settings.conflicts import FOR_SERVER, Check
from onecgw.settings.load import find_config, load_settings


def open_settings(config: Path | None = None, *, checks: Iterable[Check] = FOR_SERVER) -> Settings:
    """Load the settings and set up logging as they say.

    Args:
        config: the file; None: CONFIG_PATH, then the default places.
        checks: what the command needs, from `onecgw.settings.conflicts`.

    Raises:
        ConfigError: there is no settings file, or the settings are invalid.
    """
    path = find_config(config, os.environ, Path.cwd())
    settings = load_settings(path, os.environ, checks=checks)
    set_up_logging(level=settings.log.level, log_format=settings.log.format)
    _forbid_core_dumps()
    return settings


def _forbid_core_dumps() -> None:
    """A core dump would hold tokens and keys."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
