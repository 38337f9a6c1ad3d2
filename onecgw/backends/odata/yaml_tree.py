"""YAML with places: every value knows the file, the line and the path at which it stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import yaml

from onecgw.errors import ConfigError, Problem

# Aliases could make a small file expand without bound.
_MAX_NODES: Final = 20_000


class ProfileInvalid(ConfigError):
    """A profile cannot be used; every problem is listed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@attrs.frozen(kw_only=True)
class Node:
    """A value of a YAML file: a text, a list, a mapping, or None for an empty value.

    Numbers and booleans stay texts: an account's code `62.10` is not a number.
    line: from 1. path: as in `sources.sales.dims`.
    """

    value: "str | list[Node] | dict[str, Node] | None"
    file: str
    line: int
    path: str

    def problem(self, message: str) -> Problem:
        """Something wrong at this place."""
        place = f"{self.file}:{self.line}: {self.path or '(the whole file)'}"
        return Problem(path=place, message=message)


def read_yaml(path: Path) -> Node:
    """Read a file.

    Raises:
        ProfileInvalid: it cannot be read, is not YAML, or names a key twice.
    """
    start = Node(value=None, file=path.name, line=1, path="")
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileInvalid(start.problem(f"cannot be read: {error}")) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        place = attrs.evolve(start, line=line)
        raise ProfileInvalid(place.problem(f"is not YAML: {error.problem}")) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ProfileInvalid(start.problem(f"is not YAML: {error}")) from error
    if root is None:
        return start
    budget = iter(range(_MAX_NODES))
    return _convert(root, start, budget)


def merged(below: Node, above: Node) -> Node:
    """What a profile says on top of the one it extends; an empty value takes a key away."""
    if not isinstance(below.value, dict) or not isinstance(above.value, dict):
        return above
    both: dict[str, Node] = dict(below.value)
    for name, node in above.value.items():
        if node.value is None:
            both.pop(name, None)
        else:
            both[name] = merged(both[name], node) if name in both else node
    return attrs.evolve(above, value=both)


def _convert(node: yaml.Node, parent: Node, budget: Iterator[int], name: str = "") -> Node:
    path = f"{parent.path}.{name}" if parent.path and name else parent.path or name
    place = Node(value=None, file=parent.file, line=node.start_mark.line + 1, path=path)
    if next(budget, None) is None:
        raise ProfileInvalid(place.problem(f"has more than {_MAX_NODES} values"))
    if isinstance(node, yaml.ScalarNode):
        is_empty = node.tag == "tag:yaml.org,2002:null"
        return attrs.evolve(place, value=None if is_empty else node.value)
    if isinstance(node, yaml.SequenceNode):
        listed = [
            _convert(item, attrs.evolve(place, path=f"{path}[{index}]"), budget)
            for index, item in enumerate(node.value)
        ]
        return attrs.evolve(place, value=listed)
    return attrs.evolve(place, value=_mapping(node, place, budget))


def _mapping(node: yaml.Node, place: Node, budget: Iterator[int]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key, value in node.value:
        here = attrs.evolve(place, line=key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise ProfileInvalid(here.problem("has a key that is not a text"))
        if key.value in found:
            raise ProfileInvalid(here.problem(f"names {key.value} twice"))
        found[key.value] = _convert(value, place, budget, key.value)
    return found
