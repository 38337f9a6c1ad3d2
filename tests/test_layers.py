"""Data flows one way: every room imports only rooms below it, and a few libraries have one door."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import onecgw

PACKAGE = Path(onecgw.__file__).parent

# In one process: its tests share the parsed modules.
pytestmark = pytest.mark.xdist_group("layers")

# Top to bottom. Packages of one line are siblings and do not import each other.
LAYERS = (
    {"__main__", "asgi"},
    {"cli"},
    {"app"},
    {"demo", "diagnostics", "serving", "web"},
    {"mcp_content"},
    {"gateway"},
    {"mcp", "oauth"},
    {"backends"},
    {"catalogue.tools"},
    {"analysis", "catalogue"},
    {"responses"},
    {"storage"},
    {"settings"},
    {"auth"},
    {"observability"},
    {"errors"},
    {"locales"},
    {"text"},
    {"onecgw"},
)
# The protocol engine knows no 1C and no tool, the demo no gateway: they could be shipped alone.
ALONE = {
    "mcp": {"auth", "errors", "locales", "mcp", "onecgw", "text"},
    "demo": {"auth", "catalogue", "demo", "errors", "onecgw"},
    "settings": {"auth", "errors", "locales", "settings", "onecgw"},
}
ONE_DOOR = {
    "httpx": {"backends"},
    "hypercorn": {"serving", "demo"},
    "cryptography": {"oauth"},
    "yaml": {"backends", "locales", "settings"},
    "cattrs": {"catalogue"},
    "click": {"cli"},
}


def room_of(module: str) -> str:
    """The package of a module; `catalogue.tools` is one of its own, above the analysis."""
    parts = module.removeprefix("onecgw").removeprefix(".").split(".")
    return "catalogue.tools" if parts[:2] == ["catalogue", "tools"] else parts[0] or "onecgw"


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """The modules that a file imports, with names taken from the package itself spelled out."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {
                f"{node.module}.{alias.name}"
                for alias in node.names
                if node.module == "onecgw" and alias.name != "__version__"
            }
            found |= submodules or {node.module}
    return frozenset(found)


def modules() -> list[tuple[str, Path]]:
    return [
        (room_of(".".join(("onecgw", *path.relative_to(PACKAGE).with_suffix("").parts))), path)
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "__init__.py"
    ]


def test_every_room_stands_in_one_layer() -> None:
    placed = [room for layer in LAYERS for room in layer]

    assert len(placed) == len(set(placed))
    assert {room for room, _ in modules()} <= set(placed)


def test_imports_point_down() -> None:
    depth = {room: index for index, layer in enumerate(LAYERS) for room in layer}
    upward = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for room, path in modules()
        for module in imports_of(path)
        if module.split(".")[0] == "onecgw"
        and room_of(module) != room
        and depth[room_of(module)] <= depth[room]
    ]

    assert upward == []


def test_rooms_that_stand_alone_know_nobody_else() -> None:
    strangers = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for room, path in modules()
        for module in imports_of(path)
        if module.split(".")[0] == "onecgw"
        and room_of(module) not in ALONE.get(room, {room_of(module)})
    ]

    assert strangers == []


def test_a_library_comes_in_by_its_one_door() -> None:
    elsewhere = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for room, path in modules()
        for module in imports_of(path)
        if room not in ONE_DOOR.get(module.split(".")[0], {room})
    ]

    assert elsewhere == []


def test_annotations_are_real_at_run_time() -> None:
    hidden = [path.name for _, path in modules() if "TYPE_CHECKING" in path.read_text("utf-8")]

    assert hidden == []


# Class names that still stand in two packages. A name leaves this set when one of the two is
# renamed; none is added.
REPEATED = {
    "Books",
    "Catalogue",
    "Client",
    "Column",
    "Exchange",
    "Filter",
    "Question",
    "Reply",
    "Request",
    "Session",
    "Sessions",
    "Span",
    "Step",
    "Turnover",
    "_Flight",
    "_Named",
    "_Page",
    "_Repeated",
    "_Row",
    "_Rows",
    "_Sealed",
}


def test_no_two_classes_have_the_same_name() -> None:
    counts = Counter(
        node.name
        for _, path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    )

    assert {name for name, count in counts.items() if count > 1} <= REPEATED
