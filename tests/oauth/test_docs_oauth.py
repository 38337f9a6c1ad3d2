"""The commands of the guides on logins."""

import json
import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner

from onecgw.cli import main
from onecgw.settings import Settings
from onecgw.settings.declaration import DeclaredSetting, walk_schema
from onecgw.settings.load import load_settings
from tests.oauth.test_administrator import CONFIG

pytestmark = pytest.mark.usefixtures("log_is_given_back")

FOLDER: Final = Path(__file__).parents[2] / "docs" / "how-to"
ADMIN: Final = (FOLDER / "oauth-admin.md").read_text(encoding="utf-8")
CONNECT: Final = (FOLDER / "connect.md").read_text(encoding="utf-8")
COMMANDS: Final = re.findall(r"^onecgw .*$", ADMIN, re.MULTILINE)
# In a database without logins, what the examples name is not there.
NOT_THERE: Final = re.compile(r"no login fits|there is no key 1f2e3d4c|Claude is not denied")


def blocks(page: str, language: str) -> list[str]:
    found: list[str] = re.findall(rf"(?ms)^```{language}\n(.*?)^```", page)
    return found


def test_every_command_of_the_guide_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "onecgw.yml"
    config.write_text(CONFIG % ("http://localhost:8088", tmp_path / "onecgw.db"), encoding="utf-8")
    monkeypatch.setenv("CONFIG_PATH", str(config))
    assert len(COMMANDS) > 12
    failed = []
    for command in COMMANDS:
        words = shlex.split(command)[1:]
        if "--follow" in words or words[0] == "check":
            words = [words[0], "--help"]  # the one never ends, the other has tests of its own
        result = CliRunner().invoke(main, words)
        if result.exit_code != 0 and not NOT_THERE.search(result.output):
            failed.append((command, result.output))
    assert failed == []


def test_the_settings_of_the_guide_are_accepted(tmp_path: Path) -> None:
    merged: dict[str, Any] = {}
    for text in blocks(ADMIN, "yaml"):
        for section, values in yaml.safe_load(text).items():
            merged.setdefault(section, {}).update(values)
    merged["onec"] = {"base_url": "http://1c.example.org/hs", "auth": {"username": "gateway"}}
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(merged), encoding="utf-8")
    settings = load_settings(path, {})
    assert settings.server.trusted_proxies == ("127.0.0.1/32",)
    assert settings.oauth.redirects.allowed == ("https://app.example.org/oauth/callback",)


def test_the_limits_of_the_guide_are_those_of_the_settings() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", ADMIN, re.MULTILINE))
    prefix = "oauth.rate_limit."
    assert table == {
        declared.key.removeprefix(prefix): str(declared.default)
        for declared in walk_schema(Settings)
        if isinstance(declared, DeclaredSetting) and declared.key.startswith(prefix)
    }


def test_what_is_pasted_into_clients_is_json() -> None:
    pasted = [json.loads(text) for text in blocks(CONNECT, "json")]
    (code,) = re.findall(r"code --add-mcp '(.+)'", CONNECT)
    pasted.append(json.loads(code))
    assert all("https://mcp.example.org/mcp" in json.dumps(one) for one in pasted)
    assert len(pasted) == 2
