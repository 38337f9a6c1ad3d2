"""The lowest versions that pyproject.toml allows: `python -m tests.lowest` prints them for pip.

    pip install -r <(python -m tests.lowest) && pip install --no-deps -e .

A bound that cannot be installed, or with which the tests fail, is no bound.
"""

import re
import tomllib
from pathlib import Path
from typing import Final

PYPROJECT: Final = Path(__file__).parent.parent / "pyproject.toml"
_REQUIREMENT: Final = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?P<bounds>[<>=!~].*)")
_LOWEST: Final = re.compile(r"(?:>=|==)(?P<version>[0-9][0-9.]*[0-9*]|[0-9]+)")


def lowest_versions() -> dict[str, str]:
    """Return each dependency of the package and of its tests with its lowest version.

    Raises:
        ValueError: a dependency has no lower bound.
    """
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    found = {}
    for requirement in (*project["dependencies"], *project["optional-dependencies"]["test"]):
        parts = _REQUIREMENT.fullmatch(requirement)
        bound = _LOWEST.search(parts["bounds"]) if parts else None
        if parts is None or bound is None:
            raise ValueError(f"{requirement}: a lower bound such as >=1.2 is expected")
        found[parts["name"]] = bound["version"]
    return found


if __name__ == "__main__":
    for name, version in lowest_versions().items():
        print(f"{name}=={version}")  # noqa: T201 - a program that prints
