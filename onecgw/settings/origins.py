"""The merged settings with the place that each value comes from, for `onecgw config show`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from onecgw.settings.declaration import Secret
from onecgw.settings.load import declared_settings, read_sources
from onecgw.settings.schema import Settings

DEFAULT: Final = "default"
HIDDEN: Final = "***"
ShownValue = str | int | bool | tuple[str, ...] | None


@attrs.frozen(kw_only=True)
class SettingOrigin:
    """One setting.

    value: as it stands in config.yml; a secret is `***`. None: not set.
    place: `config/config.yml:12:5`, the name of an environment variable, or `default`.
    """

    key: str
    value: ShownValue
    place: str


def list_origins(
    settings: Settings, path: Path | None, environment: Mapping[str, str]
) -> list[SettingOrigin]:
    """Return every setting with its value and its place, in the order of the schema.

    Args:
        settings: the settings that were loaded from `path` and `environment`.
        path: the settings file; None: only the environment was read.
        environment: the variables of the process.
    """
    given = read_sources(path, environment).values
    return [
        SettingOrigin(
            key=key,
            value=shown_value(declared.value_in(settings)),
            place=given[key].place if key in given else DEFAULT,
        )
        for key, declared in declared_settings().items()
    ]


def shown_value(value: object) -> ShownValue:
    """Return a value as it may be shown: a secret is `***`, a path a text."""
    if isinstance(value, Secret):
        return HIDDEN
    if value is None or isinstance(value, str | int | tuple):
        return value
    return str(value)
