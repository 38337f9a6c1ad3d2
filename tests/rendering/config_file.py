"""Render config/config.yml from the settings."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from onecgw.settings.declaration import DeclaredSetting, walk_schema
from onecgw.settings.schema import Settings
from tests.rendering.files import ROOT

FILE: Final = ROOT / "config" / "config.yml"

_HEAD: Final = """\
# Every setting of onecgw with its default. An empty value means: not set.
# A variable overrides a setting: ONECGW_ONEC__BASE_URL is onec.base_url, lists are comma separated.
# A secret is better kept in a file of its own: ONECGW_ONEC__AUTH__PASSWORD_FILE=/run/secrets/onec
"""


def render_config() -> str:
    """Return config.yml: every setting with its default, below its explanation."""
    return _HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    for node in walk_schema(Settings):
        depth = node.key.count(".")
        indent, name = "  " * depth, node.key.rpartition(".")[2]
        if isinstance(node, DeclaredSetting):
            need = "REQUIRED. " if node.is_required else ""
            yield f"{indent}# {need}{node.setting.about}\n{indent}{name}:{_value(node, indent)}\n"
        else:
            gap = "" if depth else "\n"
            yield f"{gap}{indent}# {node.about}\n{indent}{name}:\n"


def _value(declared: DeclaredSetting, indent: str) -> str:
    value = declared.default
    if value is attrs.NOTHING or value is None:
        return ""
    if isinstance(value, tuple) and value:
        return "".join(f"\n{indent}  - {item}" for item in value)
    return f" {value}" if isinstance(value, str | Path) else f" {json.dumps(value)}"
