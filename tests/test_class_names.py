"""A class name means one thing in the whole tree."""

import ast
from collections import defaultdict
from pathlib import Path

import onecgw

PACKAGE = Path(onecgw.__file__).parent
# Packages whose class names occur nowhere else; the others follow.
UNIQUE = ("analysis", "locales", "mcp", "mcp_content")


def test_no_class_name_of_these_packages_is_used_twice() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(PACKAGE)))
    shared = {
        name: paths
        for name, paths in places.items()
        if len(paths) > 1 and any(path.startswith(UNIQUE) for path in paths)
    }

    assert shared == {}
