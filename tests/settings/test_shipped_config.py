from pathlib import Path

import attrs
import yaml

from onecgw.settings import Settings
from onecgw.settings.declaration import Leaf, walk
from onecgw.settings.render import render_config
from tests.settings.loading import load, problems

SHIPPED = (Path(__file__).parents[2] / "config" / "config.yml").read_text(encoding="utf-8")
LEAVES = [node for node in walk(Settings) if isinstance(node, Leaf)]


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


def test_the_shipped_file_is_rendered_from_the_tree() -> None:
    assert render_config() == SHIPPED


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    defaults = {leaf.key: _plain(leaf.default) for leaf in LEAVES}
    not_defaults = {"onec.base_url": None, "onec.report_timeout_ms": 45_000}
    assert _flat(yaml.safe_load(SHIPPED)) == defaults | not_defaults


def test_every_key_of_the_shipped_file_stands_once_below_its_explanation() -> None:
    for leaf in LEAVES:
        indent, name = "  " * leaf.key.count("."), leaf.key.rpartition(".")[2]
        need = "REQUIRED. " if leaf.is_required else ""
        lines = f"\n{indent}# {need}{leaf.setting.about}\n{indent}{name}:"
        assert SHIPPED.count(lines) == 1, leaf.key


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


def test_the_shipped_file_with_its_blanks_filled_in_changes_only_the_deadline_of_reports(
    tmp_path: Path,
) -> None:
    bare = load(tmp_path, "")
    onec = attrs.evolve(bare.onec, report_timeout_ms=45_000)
    assert load(tmp_path, SHIPPED) == attrs.evolve(bare, onec=onec)
