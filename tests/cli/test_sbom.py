"""`onecgw sbom`: a valid bill of exactly the packages that onecgw runs with."""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.builders.command_line import run

ROOT = Path(__file__).parents[2]


def bill() -> Any:
    done = run("sbom")
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_the_bill_is_valid_by_the_published_schema() -> None:
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(run("sbom").output)

    assert problem is None, problem


def test_it_names_each_package_that_is_pinned_for_production_and_no_other() -> None:
    pinned = (ROOT / "docs" / "deploy" / "constraints.txt").read_text(encoding="utf-8")
    lines = re.findall(r"^([\w.-]+)==[^;\n]+(;.*)?$", pinned, re.MULTILINE)
    everywhere = {name for name, marker in lines if not marker}
    components = bill()["components"]
    listed = {one["purl"].removeprefix("pkg:pypi/").partition("@")[0] for one in components[:-1]}

    assert everywhere <= listed <= {name for name, _ in lines}


def test_versions_are_those_that_are_installed_and_python_is_among_them() -> None:
    *packages, python = bill()["components"]

    assert {one["name"]: one["version"] for one in packages} == {
        one["name"]: version(one["name"]) for one in packages
    }
    assert python["version"] == ".".join(map(str, sys.version_info[:3]))


def test_every_dependency_is_a_component_of_the_bill() -> None:
    document = bill()
    known = {one["bom-ref"] for one in document["components"]}
    root = document["metadata"]["component"]["bom-ref"]
    reached = {ref for one in document["dependencies"] for ref in one["dependsOn"]}

    assert reached == known - {"python"}
    assert document["dependencies"][0]["ref"] == root


def test_every_package_says_its_licence() -> None:
    assert [one["name"] for one in bill()["components"][:-1] if "licenses" not in one] == []
