from pathlib import Path

import yaml

from onecgw.settings import Settings
from onecgw.settings.declaration import DeclaredSetting, walk_schema
from tests.builders.settings_text import load, problems
from tests.rendering.config_file import FILE

SHIPPED = FILE.read_text(encoding="utf-8")
DECLARED = [node for node in walk_schema(Settings) if isinstance(node, DeclaredSetting)]


def _flat(section: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in section.items():
        key = f"{prefix}{name}"
        flat |= _flat(value, f"{key}.") if isinstance(value, dict) else {key: value}
    return flat


def _plain(default: object) -> object:
    if isinstance(default, tuple):
        return list(default)
    return str(default) if isinstance(default, Path) else default


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    defaults = {declared.key: _plain(declared.default) for declared in DECLARED}
    assert _flat(yaml.safe_load(SHIPPED)) == defaults | {"onec.base_url": None}


def test_every_key_of_the_shipped_file_stands_once_below_its_explanation() -> None:
    for declared in DECLARED:
        indent, name = "  " * declared.key.count("."), declared.key.rpartition(".")[2]
        need = "REQUIRED. " if declared.is_required else ""
        lines = f"\n{indent}# {need}{declared.setting.about}\n{indent}{name}:"
        assert SHIPPED.count(lines) == 1, declared.key


def test_the_shipped_file_says_what_has_to_be_filled_in(tmp_path: Path) -> None:
    places = [line.partition(" ")[2] for line in problems(tmp_path, SHIPPED, {})]
    assert places == [
        "onec.base_url: missing; a URL such as https://1c.example.org/trade/hs is expected",
        (
            "oauth.public_url: missing; the origin under which clients reach the gateway is"
            " expected (or oauth.enabled: false and mcp.bearer_token)"
        ),
        "onec.auth.username: missing; onec.auth.type: basic needs the login of a 1C user",
    ]


def test_the_shipped_file_with_its_blanks_filled_in_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, SHIPPED) == load(tmp_path, "")
