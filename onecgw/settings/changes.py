"""What differs between two settings, and what of it a running gateway can take over."""

from typing import Any, Final

import attrs

from onecgw.settings.load import declared_settings
from onecgw.settings.origins import shown_value
from onecgw.settings.schema import Settings

# The sockets are open, the processes run, and the database and the log file are in use.
FIXED: Final = (
    *("server.host", "server.port", "server.workers", "server.max_connections"),
    *("server.trusted_proxies", "database.path", "oauth.secrets_path"),
    *("log.file", "log.file_max_bytes", "log.files_kept", "tracing.endpoint"),
)
TLS: Final = ("server.tls.cert", "server.tls.key")


@attrs.frozen(kw_only=True)
class SettingChanges:
    """How the settings in use differ from those of the file.

    settings: those of the file, but with the values in use where these cannot change.
    applied: what differs between the settings in use and `settings`, as `key: before → after`; a
        secret is `***`.
    after_restart: what stays as it is until the gateway is started again, in the same form.
    """

    settings: Settings
    applied: tuple[str, ...]
    after_restart: tuple[str, ...]


def compare_settings(used: Settings, read: Settings) -> SettingChanges:
    """Compare the settings in use with those that were read again."""
    fixed = list(FIXED)
    if (used.server.tls.cert is None) != (read.server.tls.cert is None):
        fixed += TLS  # the socket speaks either HTTP or TLS
    applied, after_restart, settings = [], [], read
    for key, declared in declared_settings().items():
        before, after = declared.value_in(used), declared.value_in(read)
        if before == after:
            continue
        change = f"{key}: {_text(before)} → {_text(after)}"
        if key in fixed:
            after_restart.append(change)
            settings = _with_value(settings, key.split("."), before)
        else:
            applied.append(change)
    return SettingChanges(
        settings=settings, applied=tuple(applied), after_restart=tuple(after_restart)
    )


def _text(value: object) -> str:
    shown = shown_value(value)
    text = ", ".join(shown) if isinstance(shown, tuple) else str(shown)
    return "empty" if shown is None or not text else text


def _with_value(section: Any, names: list[str], value: object) -> Any:  # noqa: ANN401 - any section
    name, *rest = names
    if rest:
        value = _with_value(getattr(section, name), rest, value)
    return attrs.evolve(section, **{name: value})
