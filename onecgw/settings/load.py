"""Find config.yml, read it and the environment, and report every problem at once."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar, get_type_hints

import attrs

from onecgw.errors import ConfigError, Problem
from onecgw.settings.conflicts import FOR_SERVER, Check
from onecgw.settings.declaration import DeclaredSetting, InvalidValue, walk_schema
from onecgw.settings.document import read_document
from onecgw.settings.environment import read_environment
from onecgw.settings.messages import describe_accepted, quote_value
from onecgw.settings.parse import RawSettings, RawValue, parse
from onecgw.settings.paths import base_folder
from onecgw.settings.rules import is_file
from onecgw.settings.schema import Settings

_T = TypeVar("_T")

BASE_URL_VARIABLE: Final = "ONECGW_ONEC__BASE_URL"


def find_config(option: Path | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    """Find the settings file: `--config`, else CONFIG_PATH, else config.local.yml, else config.yml.

    Args:
        option: the value of `--config`.
        environment: the variables of the process.
        folder: the working directory; relative paths start there.

    Returns:
        The path; None if no file is named, none exists, and the environment sets onec.base_url,
        as in a container.

    Raises:
        ConfigError: the file does not exist.
    """
    named = option or environment.get("CONFIG_PATH")
    names = [named] if named else ["config/config.local.yml", "config/config.yml"]
    for name in names:
        if is_file(folder / name):
            return folder / name
    if not named and environment.get(BASE_URL_VARIABLE):
        return None
    looked_for = " and ".join(str(folder / name) for name in names)
    hint = "" if named else "; `onecgw init` writes one, --config names another"
    raise ConfigError(f"no settings file: looked for {looked_for}{hint}")


def load_settings(
    path: Path | None, environment: Mapping[str, str], *, checks: Iterable[Check] = FOR_SERVER
) -> Settings:
    """Read the settings from a file and from the ONECGW_* variables, which override it.

    Args:
        path: the file; None: only the environment is read.
        environment: the variables of the process.
        checks: what the settings must satisfy together; it depends on the command.

    Raises:
        ConfigError: the message has one line for each problem, with its place, key, value (never
            a secret's) and what is accepted.
    """
    declarations = declared_settings()
    sources = read_sources(path, environment)
    problems = list(sources.problems)
    not_given = RawValue(place=str(path or "environment"))
    given = dict.fromkeys(declarations, not_given) | sources.values
    base = base_folder(path)
    values: dict[str, object] = {}
    failed: set[str] = set()
    for declared in declarations.values():
        try:
            values[declared.key] = _value(declared, given[declared.key], base)
        except InvalidValue as error:
            failed.add(declared.key)
            problems.append(_problem(declared, given[declared.key], str(error)))
            # An invalid value counts as not set, so that the checks below can still run.
            values[declared.key] = "" if declared.is_required else declared.default
    settings = _build(Settings, values)
    for conflict in (conflict for check in checks for conflict in check(settings)):
        if failed.isdisjoint(conflict.keys):
            key = conflict.keys[0]
            problems.append(Problem(path=f"{given[key].place} {key}", message=conflict.message))
    if problems:
        raise ConfigError("\n".join(str(problem) for problem in problems))
    return settings


def declared_settings() -> dict[str, DeclaredSetting]:
    """Return every setting by its key, in the order of the schema."""
    return {node.key: node for node in walk_schema(Settings) if isinstance(node, DeclaredSetting)}


def read_sources(path: Path | None, environment: Mapping[str, str]) -> RawSettings:
    """Read what the file and the environment set, without parsing it; the environment overrides.

    Raises:
        ConfigError: the file cannot be read, or is not YAML.
    """
    schema = {node.key: node for node in walk_schema(Settings)}
    document = (
        read_document(path, schema) if path is not None else RawSettings(values={}, problems=[])
    )
    overrides = read_environment(environment, declared_settings())
    return RawSettings(
        values=document.values | overrides.values,
        problems=[*document.problems, *overrides.problems],
    )


def _value(declared: DeclaredSetting, given: RawValue, base: Path) -> object:
    if given.error:
        raise InvalidValue(given.error)
    if declared.kind is Path:
        if isinstance(given.text, str):
            return parse(declared, str(base / given.text))
        return base / declared.default if isinstance(declared.default, Path) else declared.default
    if given.text is not None:
        return parse(declared, given.text)
    if declared.is_required:
        raise InvalidValue(f"missing; {describe_accepted(declared)} is expected")
    return declared.default


def _problem(declared: DeclaredSetting, given: RawValue, message: str) -> Problem:
    value = "" if declared.is_secret or given.text is None else quote_value(given.text)
    where = f"{given.place} {declared.key}"
    return Problem(path=f"{where} = {value}" if value else where, message=message)


def _build(cls: type[_T], values: Mapping[str, object], prefix: str = "") -> _T:
    """Build an object of `cls` from the values whose keys start with `prefix`."""
    arguments = {
        name: _build(kind, values, f"{prefix}{name}.")
        if attrs.has(kind)
        else values[f"{prefix}{name}"]
        for name, kind in get_type_hints(cls).items()
    }
    return cls(**arguments)
