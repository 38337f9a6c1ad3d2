"""Read the ONECGW_* variables; one that ends with `_FILE` names the file of a secret."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_origin

from onecgw.errors import Problem
from onecgw.settings.declaration import VARIABLE_PREFIX, DeclaredSetting
from onecgw.settings.messages import describe_unknown
from onecgw.settings.parse import RawSettings, RawValue
from onecgw.settings.paths import FILE_SUFFIX, read_secret_file

_FILE: Final = FILE_SUFFIX.upper()


def read_environment(
    environment: Mapping[str, str], declarations: Mapping[str, DeclaredSetting]
) -> RawSettings:
    """Read the settings in the environment, without parsing their values.

    An empty variable counts as absent, because compose files pass unset variables on as empty.
    """
    known = {declared.variable for declared in declarations.values()}
    known |= {declared.variable + _FILE for declared in declarations.values() if declared.is_secret}
    ours = {name: text for name, text in environment.items() if name.startswith(VARIABLE_PREFIX)}
    values = {
        key: found
        for key, declared in declarations.items()
        if (found := _find(ours, declared)) is not None
    }
    problems = [
        Problem(path=name, message=describe_unknown(name, known))
        for name in sorted(ours.keys() - known)
    ]
    return RawSettings(values=values, problems=problems)


def _find(environment: Mapping[str, str], declared: DeclaredSetting) -> RawValue | None:
    text = environment.get(declared.variable, "")
    path = environment.get(declared.variable + _FILE, "") if declared.is_secret else ""
    if text and path:
        error = f"either {declared.variable} or {declared.variable}{_FILE} is expected, not both"
        return RawValue(place=declared.variable, error=error)
    if path:
        return read_secret_file(declared.variable + _FILE, Path(path))
    if not text:
        return None
    if get_origin(declared.kind) is tuple:
        return RawValue(
            place=declared.variable, text=tuple(part.strip() for part in text.split(","))
        )
    return RawValue(place=declared.variable, text=text)
