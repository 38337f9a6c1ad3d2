"""What is released: the wheel, the source archive, their metadata, and the pinned installation."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from onecgw import __version__
from onecgw.storage.schema import FIRST, MIGRATIONS

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "docs" / "deploy" / "constraints.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUILD = "from hatchling import build; build.build_wheel({0!r}); build.build_sdist({0!r})"
SECONDS = 300


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive of this clone."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(  # noqa: S603 - the build backend
        [sys.executable, "-c", BUILD.format(str(folder))],
        cwd=ROOT,
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    return folder


def wheel_of(folder: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(folder / f"onecgw-{__version__}-py3-none-any.whl")


def files_of(folder: Path) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_whole_package_and_nothing_else(built: Path) -> None:
    with wheel_of(built) as wheel:
        names = set(wheel.namelist())
    inside = {name for name in names if not name.startswith(f"onecgw-{__version__}.dist-info/")}

    assert inside == files_of(Path("onecgw"))
    assert {Path(name).suffix for name in inside} >= {".yml", ".html", ".css", ".js", ".md"}
    assert f"onecgw-{__version__}.dist-info/licenses/LICENSE" in names


def test_the_source_archive_can_be_tested_and_read(built: Path) -> None:
    root = f"onecgw-{__version__}/"
    with tarfile.open(built / f"onecgw-{__version__}.tar.gz") as archive:
        names = {name.removeprefix(root) for name in archive.getnames()}

    for folder in ("onecgw", "tests", "docs", "config"):
        missing = files_of(Path(folder)) - names
        assert [name for name in missing if ".local." not in name] == []  # a developer's settings
    assert {"README.md", "LICENSE", "pyproject.toml", "PKG-INFO"} <= names


def test_the_metadata_are_what_an_index_accepts(built: Path) -> None:
    with wheel_of(built) as wheel:
        text = wheel.read(f"onecgw-{__version__}.dist-info/METADATA")
    metadata = Metadata.from_email(text, validate=True)

    assert (metadata.name, metadata.version) == ("onecgw", Version(__version__))
    assert metadata.license_expression == "MIT"
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description is not None
    assert metadata.description.startswith("# onecgw")
    assert "3.11" in metadata.requires_python if metadata.requires_python else False


def test_the_version_heads_the_changelog() -> None:
    changelog = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+)(?: - \d{4}-\d{2}-\d{2})?$", changelog, re.MULTILINE)

    assert next(name for name in versions if name != "Unreleased") == __version__


def pinned() -> dict[str, Requirement]:
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(one.name): one for one in found}


def test_every_requirement_is_pinned_to_a_version_that_it_accepts() -> None:
    for text in PROJECT["dependencies"]:
        required = Requirement(text)
        (pin,) = pinned()[canonicalize_name(required.name)].specifier

        assert pin.operator == "=="
        assert pin.version in required.specifier, text


@pytest.mark.slow
def test_the_pinned_versions_install_together(built: Path) -> None:
    (wheel,) = built.glob("*.whl")

    done = subprocess.run(  # noqa: S603 - pip
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
            *("--report", "-", "-c", str(CONSTRAINTS), str(wheel)),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    if re.search("Could not find a version|Failed to establish|ResolutionImpossible", done.stderr):
        reachable = "ResolutionImpossible" in done.stderr
        assert not reachable, done.stderr
        pytest.skip("no index can be reached")
    assert done.returncode == 0, done.stderr


def test_the_workflow_runs_what_a_person_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]

    assert {"run": ".ci/run"} in steps
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_page_about_upgrades_knows_the_schema_of_this_version() -> None:
    page = (ROOT / "docs" / "how-to" / "upgrade.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d+\.\d+\.\d+) \| (\d+) \|", page, re.MULTILINE))

    assert rows[__version__] == str(FIRST + len(MIGRATIONS) - 1)
