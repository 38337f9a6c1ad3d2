"""Every package imports only packages below it, and a few libraries are imported in one package."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import attrs
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
    {"tls_certificate", "observability"},
    {"errors"},
    {"locales"},
    {"asgi_extensions", "peers", "text"},
    {"onecgw"},
)
# The protocol engine knows no 1C and no tool, the demo no gateway: they could be shipped alone.
ALONE = {
    "mcp": {"auth", "errors", "locales", "mcp", "onecgw", "peers", "text"},
    "demo": {"auth", "catalogue", "demo", "errors", "onecgw"},
    "settings": {"auth", "errors", "locales", "settings", "onecgw"},
}
ONE_PACKAGE = {
    "httpx": {"backends"},
    "hypercorn": {"serving", "demo"},
    "httptools": {"backends", "serving"},
    "cryptography": {"tls_certificate", "oauth"},
    "yaml": {"backends", "locales", "settings"},
    "cattrs": {"catalogue"},
    "click": {"cli"},
}


def package_of(module: str) -> str:
    """The package of a module; `catalogue.tools` is one of its own, above the analysis."""
    parts = module.removeprefix("onecgw").removeprefix(".").split(".")
    return "catalogue.tools" if parts[:2] == ["catalogue", "tools"] else parts[0] or "onecgw"


@attrs.frozen(kw_only=True)
class SourceFile:
    """What the tests read of a module.

    Args:
        imports: the modules that it imports; a name taken from the package itself is spelled out.
        classes: the names of its classes.
    """

    imports: frozenset[str]
    classes: tuple[str, ...]


@cache
def read_source(path: Path) -> SourceFile:
    imports: set[str] = set()
    classes: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {
                f"{node.module}.{alias.name}"
                for alias in node.names
                if node.module == "onecgw" and alias.name != "__version__"
            }
            imports |= submodules or {node.module}
        elif isinstance(node, ast.ClassDef):
            classes.append(node.name)
    return SourceFile(imports=frozenset(imports), classes=tuple(classes))


@cache
def modules() -> list[tuple[str, Path]]:
    return [
        (package_of(".".join(("onecgw", *path.relative_to(PACKAGE).with_suffix("").parts))), path)
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "__init__.py"
    ]


def test_every_package_stands_in_one_layer() -> None:
    placed = [package for layer in LAYERS for package in layer]

    assert len(placed) == len(set(placed))
    assert {package for package, _ in modules()} <= set(placed)


def test_imports_point_down() -> None:
    depth = {package: index for index, layer in enumerate(LAYERS) for package in layer}
    upward = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for package, path in modules()
        for module in read_source(path).imports
        if module.split(".")[0] == "onecgw"
        and package_of(module) != package
        and depth[package_of(module)] <= depth[package]
    ]

    assert upward == []


def test_packages_that_stand_alone_import_no_other() -> None:
    others = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for package, path in modules()
        for module in read_source(path).imports
        if module.split(".")[0] == "onecgw"
        and package_of(module) not in ALONE.get(package, {package_of(module)})
    ]

    assert others == []


def test_a_library_is_imported_in_its_one_package() -> None:
    elsewhere = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for package, path in modules()
        for module in read_source(path).imports
        if package not in ONE_PACKAGE.get(module.split(".")[0], {package})
    ]

    assert elsewhere == []


def test_annotations_are_real_at_run_time() -> None:
    hidden = [path.name for _, path in modules() if "TYPE_CHECKING" in path.read_text("utf-8")]

    assert hidden == []


def test_no_two_classes_have_the_same_name() -> None:
    counts = Counter(name for _, path in modules() for name in read_source(path).classes)

    assert {name for name, count in counts.items() if count > 1} == set()
