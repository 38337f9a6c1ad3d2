"""`onecgw sbom`: what is installed, as a bill of materials in CycloneDX 1.6 (ECMA-424)."""

import platform
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

import click
import msgspec

from onecgw import __version__
from onecgw.cli.options import examples

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OF_AN_EXTRA: Final = re.compile(r";.*\bextra\b")
_SEPARATORS: Final = re.compile(r"[-_.]+")
Json = dict[str, object]


@click.command(epilog=examples("onecgw sbom > onecgw.cdx.json"))
def sbom() -> None:
    """Print a bill of materials (CycloneDX 1.6): onecgw and the packages that it runs with."""
    click.echo(msgspec.json.format(msgspec.json.encode(make_sbom("onecgw")), indent=2))


def make_sbom(root: str) -> Json:
    """Return the bill of materials of an installed package and of what it needs.

    A requirement that is not installed, because it is for another system, is not in it.
    """
    found = _find_all(root)
    packages = [one for name, one in found.items() if name != root]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tools": {
                "components": [{"type": "application", "name": "onecgw", "version": __version__}]
            },
            "component": _component(found[root], kind="application"),
        },
        "components": [
            *(_component(one, kind="library") for one in packages),
            {
                "type": "platform",
                "bom-ref": "python",
                "name": platform.python_implementation(),
                "version": platform.python_version(),
            },
        ],
        "dependencies": [
            {
                "ref": _purl(one),
                "dependsOn": sorted(
                    _purl(found[needed]) for needed in set(_required(one)) & found.keys()
                ),
            }
            for one in found.values()
        ],
    }


def _find_all(root: str) -> dict[str, Distribution]:
    """The installed packages that are needed, by normal name; the root first."""
    found: dict[str, Distribution] = {}
    todo = [root]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        todo += _required(found[name])
    return dict(sorted(found.items(), key=lambda item: (item[0] != root, item[0])))


def _required(package: Distribution) -> Iterator[str]:
    """The normal names of what a package needs without its extras."""
    for requirement in package.requires or ():
        name = _NAME.match(requirement)
        if name is not None and not _OF_AN_EXTRA.search(requirement):
            yield _normal(name[0])


def _normal(name: str) -> str:
    """Source: https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return _SEPARATORS.sub("-", name).lower()


def _purl(package: Distribution) -> str:
    return f"pkg:pypi/{_normal(package.name)}@{package.version}"


def _component(package: Distribution, *, kind: str) -> Json:
    purl = _purl(package)
    return {
        "type": kind,
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        **_licenses(package),
    }


def _licenses(package: Distribution) -> Json:
    """What the package says of its licence: an SPDX expression, or a name as it stands."""
    metadata = package.metadata
    if "License-Expression" in metadata:
        return {"licenses": [{"expression": metadata["License-Expression"]}]}
    named = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or ()
        if text.startswith("License :: ") and text != "License :: OSI Approved"
    ]
    if not named and "License" in metadata and "\n" not in metadata["License"]:
        named = [metadata["License"]]
    return {"licenses": [{"license": {"name": name}} for name in named]} if named else {}
