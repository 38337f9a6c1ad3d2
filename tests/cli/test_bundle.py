"""`onecgw connect claude-desktop --bundle`: a bundle that Claude Desktop installs and starts."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from onecgw.cli.bundle import ENTRY_POINT, MANIFEST, BundleDefaults, make_manifest
from tests.builders.command_line import run, write_settings
from tests.builders.mcp_engine import handshake

SCHEMA = Path(__file__).parents[1] / "schemas" / "mcpb-manifest-0.4.schema.json"
VALIDATOR = "@anthropic-ai/mcpb@2.1.2"
SECONDS = 120


def written(folder: Path) -> tuple[Any, bytes, str]:
    """The manifest, the entry point and the output of a bundle from a settings file."""
    config = write_settings(folder, "http://1c.example.org/trade/hs")
    bundle = folder / "onecgw.mcpb"
    done = run("connect", "claude-desktop", "--bundle", bundle, "--config", config)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(bundle) as opened:
        assert sorted(opened.namelist()) == [MANIFEST, ENTRY_POINT]
        return json.loads(opened.read(MANIFEST)), opened.read(ENTRY_POINT), done.output


def started_with(manifest: Any, home: Path, answers: dict[str, str]) -> dict[str, str]:
    """The environment that Claude Desktop makes of the answers to its form."""
    filled = {name: field["default"] for name, field in manifest["user_config"].items()} | answers

    def replace(found: re.Match[str]) -> str:
        name = found[1]
        return str(home) if name == "HOME" else filled[name.removeprefix("user_config.")]

    env: dict[str, str] = manifest["server"]["mcp_config"]["env"]
    return {name: re.sub(r"\$\{([^}]+)\}", replace, text) for name, text in env.items()}


def test_the_manifest_follows_the_published_schema(tmp_path: Path) -> None:
    manifest, _, _ = written(tmp_path)

    jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.skipif(shutil.which("npx") is None, reason="there is no npx")
def test_the_official_validator_accepts_the_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / MANIFEST
    manifest.write_text(json.dumps(make_manifest(BundleDefaults())), encoding="utf-8")
    (tmp_path / ENTRY_POINT).parent.mkdir()
    (tmp_path / ENTRY_POINT).touch()

    done = subprocess.run(  # noqa: S603 - the official validator
        [str(shutil.which("npx")), "--yes", VALIDATOR, "validate", str(manifest)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    if "ENOTFOUND" in done.stderr or "EAI_AGAIN" in done.stderr:
        pytest.skip("the validator cannot be fetched")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_form_knows_the_settings_and_asks_for_the_password_in_secret(tmp_path: Path) -> None:
    manifest, _, _ = written(tmp_path)
    form = manifest["user_config"]

    assert form["base_url"]["default"] == "http://1c.example.org/trade/hs"
    assert {name for name, field in form.items() if field.get("sensitive")} == {"password"}
    assert form["password"]["default"] == ""
    # What has no default is passed on as `${…}` when it is left empty.
    assert all("default" in field for field in form.values())


def test_no_secret_of_the_settings_is_in_the_bundle(tmp_path: Path) -> None:
    config = write_settings(tmp_path, "http://1c.example.org/trade/hs")
    bundle = tmp_path / "onecgw.mcpb"
    run("connect", "claude-desktop", "--bundle", bundle, "--config", config)

    with zipfile.ZipFile(bundle) as opened:
        everything = b"".join(opened.read(name) for name in opened.namelist())
    secrets = re.findall(r"(?:password|bearer_token): (\S+?)[,}]", config.read_text())
    assert len(secrets) == 2
    assert [secret for secret in secrets if secret.encode() in everything] == []


def test_without_settings_the_form_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = run("--lang", "uk", "connect", "claude-desktop", "--bundle", "onecgw.mcpb")

    assert done.exit_code == 0, done.output
    with zipfile.ZipFile("onecgw.mcpb") as opened:
        form = json.loads(opened.read(MANIFEST))["user_config"]
    assert (form["base_url"]["default"], form["base_url"]["title"]) == ("", "Адреса 1С")


def test_what_it_starts_answers_over_stdio(tmp_path: Path) -> None:
    manifest, program, _ = written(tmp_path)
    folder = tmp_path / "installed"
    (folder / ENTRY_POINT).parent.mkdir(parents=True)
    (folder / ENTRY_POINT).write_bytes(program)
    server = manifest["server"]["mcp_config"]
    arguments = [one.replace("${__dirname}", str(folder)) for one in server["args"]]
    answers = {"username": "gateway", "password": "a-password", "scopes": "mcp:report:sales"}
    environment = started_with(manifest, tmp_path / "home", answers)
    first = json.dumps(handshake("initialize", protocolVersion="2025-11-25", capabilities={}))

    done = subprocess.run(  # noqa: S603 - what was written
        [server["command"], *arguments],
        input=first + "\n",
        env={**os.environ, **environment},
        cwd=tmp_path / "installed",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "onecgw"
    assert (tmp_path / "home" / ".onecgw" / "onecgw.db").is_file()
    assert server["command"] == sys.executable


@pytest.mark.parametrize(
    "arguments",
    [
        ("claude-code", "--bundle", "x.mcpb"),
        ("claude-desktop", "--bundle", "x.mcpb", "--url", "https://mcp.example.org/mcp"),
    ],
)
def test_a_bundle_is_of_claude_desktop_and_has_no_url(arguments: tuple[str, ...]) -> None:
    done = run("connect", *arguments)

    assert done.exit_code == 2
    assert "--bundle goes with claude-desktop" in done.stderr
