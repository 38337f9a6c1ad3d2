"""Find config.yml, read it and the environment, and report everything that is wrong at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar, get_type_hints

import attrs

from onecgw.errors import ConfigError, Problem
from onecgw.settings.conflicts import find_conflicts
from onecgw.settings.declaration import Leaf, Refused, walk
from onecgw.settings.document import read_document
from onecgw.settings.environment import read_environment
from onecgw.settings.messages import accepted, shown
from onecgw.settings.parse import Given, Reading, parse
from onecgw.settings.rules import is_file
from onecgw.settings.schema import Settings

_T = TypeVar("_T")

BASE_URL_VARIABLE: Final = "ONECGW_ONEC__BASE_URL"


def find_config(option: Path | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    """The settings file: `--config`, else CONFIG_PATH, else the local one, else the shipped one.

    None where no file is named and none is there, but the environment says where 1C is: a
    container needs no file.

    Args:
        option: the value of `--config`.
        environment: where CONFIG_PATH is looked up.
        folder: what relative paths start from, the working directory.

    Raises:
        ConfigError: there is no such file.
    """
    named = option or environment.get("CONFIG_PATH")
    names = [named] if named else ["config/config.local.yml", "config/config.yml"]
    for name in names:
        if is_file(folder / name):
            return folder / name
    if not named and environment.get(BASE_URL_VARIABLE):
        return None
    looked_for = " and ".join(str(folder / name) for name in names)
    raise ConfigError(f"no settings file: looked for {looked_for}")


def load_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a file, each overridden by its ONECGW_* variable; None: of these alone.

    Raises:
        ConfigError: something is wrong; the message has one line for each problem, with its
            place, key, value (never a secret's) and what is accepted.
    """
    tree = {node.key: node for node in walk(Settings)}
    leaves = {key: node for key, node in tree.items() if isinstance(node, Leaf)}
    document = read_document(path, tree) if path is not None else Reading(given={}, problems=[])
    overrides = read_environment(environment, leaves)
    problems = [*document.problems, *overrides.problems]
    nowhere = Given(place=str(path or "environment"))
    given = dict.fromkeys(leaves, nowhere) | document.given | overrides.given
    values: dict[str, object] = {}
    failed: set[str] = set()
    for leaf in leaves.values():
        try:
            values[leaf.key] = _value(leaf, given[leaf.key])
        except Refused as refused:
            failed.add(leaf.key)
            problems.append(_problem(leaf, given[leaf.key], str(refused)))
            # What was refused counts as not set, so that the other settings can be compared.
            values[leaf.key] = "" if leaf.is_required else leaf.default
    settings = _build(Settings, values)
    for conflict in find_conflicts(settings):
        if failed.isdisjoint(conflict.keys):
            key = conflict.keys[0]
            problems.append(Problem(path=f"{given[key].place} {key}", message=conflict.message))
    if problems:
        raise ConfigError("\n".join(str(problem) for problem in problems))
    return settings


def _value(leaf: Leaf, given: Given) -> object:
    if given.refusal:
        raise Refused(given.refusal)
    if given.text is not None:
        return parse(leaf, given.text)
    if leaf.is_required:
        raise Refused(f"missing; {accepted(leaf)} is expected")
    return leaf.default


def _problem(leaf: Leaf, given: Given, message: str) -> Problem:
    value = "" if leaf.is_secret or given.text is None else shown(given.text)
    where = f"{given.place} {leaf.key}"
    return Problem(path=f"{where} = {value}" if value else where, message=message)


def _build(cls: type[_T], values: Mapping[str, object], prefix: str = "") -> _T:
    """An object of `cls` from the values under `prefix`."""
    arguments = {
        name: _build(kind, values, f"{prefix}{name}.")
        if attrs.has(kind)
        else values[f"{prefix}{name}"]
        for name, kind in get_type_hints(cls).items()
    }
    return cls(**arguments)
