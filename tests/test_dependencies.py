"""Private names of libraries that the gateway uses: what to look at when one of them changes."""

import ast
import importlib
import inspect
import re
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest

from tests.lowest import lowest_versions

PACKAGE = Path(__file__).parent.parent / "onecgw"
MODULES = {
    ".".join(("onecgw", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "__main__" not in path.name
}
# The versions whose inside was read. Another one: compare the methods that
# test_private_methods_of_libraries_exist names with ours, then add it here.
KNOWN = {"hypercorn": r"0\.18\.0", "h2": r"4\.[34]\..*", "hyperframe": r"6\.1\..*"}


@pytest.mark.parametrize("library", KNOWN)
def test_the_inside_of_the_installed_version_is_known(library: str) -> None:
    assert re.fullmatch(KNOWN[library], version(library)), (
        f"{library} {version(library)}: compare its private methods with onecgw/serving"
    )


def private_methods() -> dict[tuple[str, str, str], Any]:
    """The private methods of libraries that classes of onecgw override, with the library's own."""
    found = {}
    for name in MODULES:
        if not name.startswith(("onecgw.serving", "onecgw.backends.http", "onecgw.demo.server")):
            continue
        for _, ours in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if ours.__module__ != name:
                continue
            foreign = [
                base
                for base in ours.__mro__[1:]
                if not base.__module__.startswith(("onecgw", "builtins", "typing", "abc", "enum"))
            ]
            for method, value in vars(ours).items():
                if method.startswith("_") and not method.startswith("__") and callable(value):
                    theirs = next(
                        (vars(base)[method] for base in foreign if method in vars(base)), None
                    )
                    found[name, ours.__name__, method] = (theirs, bool(foreign))
    return found


def test_private_methods_of_libraries_exist_with_the_arguments_that_ours_take() -> None:
    overridden = {
        key: theirs for key, (theirs, has_base) in private_methods().items() if theirs is not None
    }

    assert {method for _, _, method in overridden} >= {"_receive_frame", "_receive_goaway_frame"}
    for (module, name, method), theirs in overridden.items():
        ours = getattr(getattr(importlib.import_module(module), name), method)
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        ), f"{module}.{name}.{method}"


def test_every_super_call_of_a_private_method_finds_it() -> None:
    """A library that renames one would fail at run time only, on the rare frame that needs it."""
    missing = []
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            called = {
                one.attr
                for one in ast.walk(node)
                if isinstance(one, ast.Attribute)
                and isinstance(one.value, ast.Call)
                and isinstance(one.value.func, ast.Name)
                and one.value.func.id == "super"
            }
            ours = getattr(importlib.import_module(name), node.name, None) if called else None
            missing += [
                f"{name}.{node.name}: super().{attribute}"
                for attribute in called
                if ours is not None and not any(attribute in vars(b) for b in ours.__mro__[1:])
            ]

    assert missing == []


def test_every_library_that_is_imported_is_declared_with_a_lower_bound() -> None:
    distributions = packages_distributions()
    declared = {name.lower() for name in lowest_versions()}
    imported = set()
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    foreign = imported - sys.stdlib_module_names - {"onecgw"}

    assert {
        library
        for library in foreign
        if library in distributions
        and not {name.lower().replace("_", "-") for name in distributions[library]} & declared
    } == set()
