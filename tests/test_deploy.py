"""docs/deploy: each file is what its program accepts, and agrees with the settings."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml

from onecgw import __version__
from onecgw.cli import COMMANDS
from onecgw.settings import OnecSettings, Settings
from onecgw.settings.load import declared_settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
PAGE = (ROOT / "docs" / "how-to" / "run-for-good.md").read_text(encoding="utf-8")
HOW_TO_1C = (ROOT / "docs" / "how-to" / "connect-1c.md").read_text(encoding="utf-8")
REPORT_TIMEOUT_MS = 45_000  # of the shipped settings
MOST_EXPOSED = 20  # tenths: 2.0


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def test_every_file_is_named_on_the_page() -> None:
    named = set(re.findall(r"\.\./deploy/([\w.-]+)", PAGE))

    assert named == {path.name for path in DEPLOY.iterdir()}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_the_unit_is_as_closed_as_the_page_says() -> None:
    done = subprocess.run(  # noqa: S603 - a program of the system
        [
            *("systemd-analyze", "security", "--offline=true", "--no-pager"),
            f"--threshold={MOST_EXPOSED}",
            str(DEPLOY / "onecgw.service"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if "nknown option" in done.stderr or "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze knows no --offline")
    rating = re.search(r"exposure level for onecgw\.service: ([\d.]+)", done.stdout)

    assert done.returncode == 0, done.stdout + done.stderr
    assert rating is not None
    assert f"rates it {rating[1]} " in PAGE


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("onecgw.service", r"TimeoutStopSec=(\d+)"),
        ("compose.yml", r"stop_grace_period: (\d+)s"),
        ("onecgw-service.xml", r"<stoptimeout>(\d+) sec"),
    ],
)
def test_a_stop_gets_longer_than_the_gateway_waits_for_running_calls(
    name: str, pattern: str
) -> None:
    onec = OnecSettings(base_url="http://1c.example.org", report_timeout_ms=REPORT_TIMEOUT_MS)
    found = re.search(pattern, read(name))

    assert found is not None
    assert int(found[1]) > Settings(onec=onec).shutdown_grace_seconds


def test_variables_of_the_container_are_settings() -> None:
    compose = yaml.safe_load(read("compose.yml"))
    variables = {*compose["services"]["onecgw"]["environment"]}
    variables |= set(re.findall(r"ONECGW_\w+__\w+", read("Dockerfile")))
    known = {declared.variable for declared in declared_settings().values()}

    assert {name.removesuffix("_FILE") for name in variables} <= known


def test_the_container_has_no_rights_and_proves_that_it_lives() -> None:
    dockerfile = read("Dockerfile")
    service = yaml.safe_load(read("compose.yml"))["services"]["onecgw"]

    assert re.search(r"^USER \d+$", dockerfile, re.MULTILINE)
    assert "/livez" in dockerfile
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


@pytest.mark.parametrize("name", ["web.config", "onecgw-service.xml", "default.vrd"])
def test_xml_is_well_formed(name: str) -> None:
    ET.fromstring(read(name))  # noqa: S314 - our own file


def test_the_publication_is_that_of_the_page_about_1c() -> None:
    (service,) = re.findall(r"<service name=\"mcp\"[^>]*>", read("default.vrd"))
    (shown,) = re.findall(r"<service name=\"mcp\"[^>]*>", HOW_TO_1C)

    assert dict(re.findall(r'(\w+)="([^"]*)"', service)) == dict(
        re.findall(r'(\w+)="([^"]*)"', shown)
    )


def test_commands_of_the_page_exist() -> None:
    shown = {
        line.partition("onecgw ")[2].split()[0]
        for block in re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE)
        for line in block.splitlines()
        if re.match(r"(/opt/onecgw/bin/)?onecgw ", line)
    }

    assert shown == {"init", "backup", "restore"}
    assert shown <= set(COMMANDS)


def test_the_entry_of_the_registry_follows_its_schema_and_names_this_version() -> None:
    schema = ROOT / "tests" / "schemas" / "mcp-server-2025-12-11.schema.json"
    entry = json.loads(read("server.json"))
    (package,) = entry["packages"]
    variables = {variable["name"] for variable in package["environmentVariables"]}

    jsonschema.validate(entry, json.loads(schema.read_text(encoding="utf-8")))
    assert entry["version"] == package["version"] == __version__
    assert variables <= {declared.variable for declared in declared_settings().values()}
