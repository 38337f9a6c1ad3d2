"""Reads a tree of YAML piece by piece and collects what is wrong with it."""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Final, TypeVar

from onecgw.backends.odata.object_names import is_object_name
from onecgw.backends.odata.yaml_tree import Node
from onecgw.errors import Problem

_FIELD: Final = re.compile(r"[^\W\d]\w*")
_ReadT = TypeVar("_ReadT")


class TreeReader:
    """What every part of a profile is read with; what is wrong is left out of the result."""

    def __init__(self) -> None:
        # Problem → where it stands.
        self.problems: dict[Problem, tuple[str, int]] = {}

    def mapping(
        self, node: Node | None, known: Iterable[str], *, needed: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """The parts of a mapping; an unknown key is a problem."""
        if node is None or (node.value is None and not needed):
            return {}
        if not isinstance(node.value, dict):
            self.note(node, "must be a mapping")
            return {}
        accepted = [*known]
        for name, one in node.value.items():
            if name not in accepted:
                self.note(one, f"unknown key {name}; {accepted_among(name, accepted)}")
        for name in needed:
            if name not in node.value:
                self.note(node, f"lacks {name}")
        return {name: one for name, one in node.value.items() if name in accepted}

    def each(
        self, node: Node | None, known: Iterable[str] | None, read: Callable[[Node], _ReadT]
    ) -> dict[str, _ReadT]:
        """Every value of a mapping, read; `known` None accepts any key."""
        pairs = self.pairs(node) if known is None else self.mapping(node, known).items()
        return {name: read(one) for name, one in pairs}

    def text(self, node: Node | None) -> str:
        """A text; "" for none."""
        if node is None or node.value is None:
            return ""
        if not isinstance(node.value, str):
            self.note(node, "must be a text")
            return ""
        return node.value

    def several(self, node: Node | None, read: Callable[[Node], _ReadT]) -> tuple[_ReadT, ...]:
        """One value or several, read; () for none."""
        return tuple(read(one) for one in self.listed(node)) if node is not None else ()

    def texts(self, node: Node | None) -> tuple[str, ...]:
        """One text or several."""
        return self.several(node, self.text)

    def object_name(self, node: Node | None) -> str:
        """The OData name of an object of 1C."""
        name = self.text(node)
        if node is not None and not is_object_name(name):
            self.note(
                node, f"is {name!r:.60}; accepted: an object of 1C as OData names it, Catalog_…"
            )
        return name

    def field(self, node: Node | None) -> str:
        """The name of a field; "" for none."""
        return self.field_named(node, self.text(node)) if node is not None and node.value else ""

    def field_named(self, node: Node, name: str) -> str:
        """A name that stands in a node, as that of a field."""
        if not _FIELD.fullmatch(name):
            self.note(node, f"is {name!r:.60}; accepted: the name of a field")
        return name

    def types(self, node: Node, types: str) -> tuple[str, ...]:
        """Entity sets, comma separated."""
        names = tuple(one.strip() for one in types.split(",")) if types else ()
        for name in names:
            if not is_object_name(name):
                self.note(node, f"has the type {name!r:.60}; accepted: Catalog_… or Document_…")
        return names

    def known(self, node: Node, names: Mapping[str, object]) -> tuple[str, ...]:
        """Names that must be among others."""
        found = self.texts(node)
        for name in found:
            if name not in names:
                self.note(node, f"refers to {name}; {accepted_among(name, names)}")
        return found

    def listed(self, node: Node) -> list[Node]:
        """The values of a list; anything else is a list of one."""
        return node.value if isinstance(node.value, list) else [node]

    def pairs(self, node: Node | None) -> Iterable[tuple[str, Node]]:
        """The parts of a mapping, whatever their keys."""
        if node is None or node.value is None:
            return ()
        if not isinstance(node.value, dict):
            self.note(node, "must be a mapping")
            return ()
        return node.value.items()

    def note(self, node: Node, message: str) -> None:
        """Note a problem, once."""
        self.problems.setdefault(node.problem(message), (node.file, node.line))


def accepted_among(name: str, known: Iterable[str]) -> str:
    """What to say after a wrong name: the one that was meant, or all of them."""
    accepted = [*known]
    close = get_close_matches(name, accepted, n=1)
    listed = ", ".join(accepted) or "none"
    return f"did you mean {close[0]}?" if close else f"accepted: {listed}"
