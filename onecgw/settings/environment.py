"""ONECGW_* variables -> the text of each setting; `..._FILE` names the file of a secret."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_origin

from onecgw.errors import Problem
from onecgw.settings.declaration import VARIABLE_PREFIX, Leaf
from onecgw.settings.messages import unknown
from onecgw.settings.parse import Given, Reading

_FILE: Final = "_FILE"


def read_environment(environment: Mapping[str, str], leaves: Mapping[str, Leaf]) -> Reading:
    """The settings in the environment, not yet parsed.

    An empty variable counts as absent: compose files pass those on for what nobody has set.
    """
    known = {leaf.variable for leaf in leaves.values()}
    known |= {leaf.variable + _FILE for leaf in leaves.values() if leaf.is_secret}
    ours = {name: text for name, text in environment.items() if name.startswith(VARIABLE_PREFIX)}
    given = {key: found for key, leaf in leaves.items() if (found := _find(ours, leaf)) is not None}
    problems = [
        Problem(path=name, message=unknown(name, known)) for name in sorted(ours.keys() - known)
    ]
    return Reading(given=given, problems=problems)


def _find(environment: Mapping[str, str], leaf: Leaf) -> Given | None:
    text = environment.get(leaf.variable, "")
    path = environment.get(leaf.variable + _FILE, "") if leaf.is_secret else ""
    if text and path:
        refusal = f"either {leaf.variable} or {leaf.variable}{_FILE} is expected, not both"
        return Given(place=leaf.variable, refusal=refusal)
    if path:
        return _read_secret(leaf.variable + _FILE, path)
    if not text:
        return None
    if get_origin(leaf.kind) is tuple:
        return Given(place=leaf.variable, text=tuple(part.strip() for part in text.split(",")))
    return Given(place=leaf.variable, text=text)


def _read_secret(variable: str, path: str) -> Given:
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        return Given(place=variable, refusal=f"{path} cannot be read: {error.strerror}")
    except ValueError:  # not UTF-8, or a path with a zero byte
        return Given(place=variable, refusal=f"{path} is not a file of UTF-8 text")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        return Given(place=variable, refusal=f"{path} is empty")
    return Given(place=variable, text=text)
