"""Loading settings in tests: a text as config.yml, and what is said about it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from onecgw.errors import ConfigError
from onecgw.settings import Settings
from onecgw.settings.load import load_settings

TOKEN: Final = "a-token-of-mcp-clients"
ENOUGH: Final = {
    "ONECGW_ONEC__BASE_URL": "http://1c.example.org/trade/hs",
    "ONECGW_ONEC__AUTH__USERNAME": "gateway",
    "ONECGW_MCP__BEARER_TOKEN": TOKEN,
    "ONECGW_OAUTH__ENABLED": "false",
}
"""Variables that suffice for a start, so that a file may hold only what its test is about."""


def load(folder: Path, text: str, environment: Mapping[str, str] = ENOUGH) -> Settings:
    """The settings of a file with this text."""
    path = folder / "config.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return load_settings(path, environment)


def problems(folder: Path, text: str, environment: Mapping[str, str] = ENOUGH) -> list[str]:
    """The lines of the refusal of such a file, with the folder left out."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environment)
    return str(caught.value).replace(str(folder / "config.yml"), "config.yml").split("\n")


def without(key: str) -> dict[str, str]:
    """ENOUGH without the variable of one key, such as `onec.base_url`."""
    variable = "ONECGW_" + key.upper().replace(".", "__")
    return {name: text for name, text in ENOUGH.items() if name != variable}


def nested(key: str, text: str) -> str:
    """A file that holds one key: `onec.timeout_ms` and `5` -> `onec:`, `  timeout_ms: 5`."""
    names = key.split(".")
    return "\n".join(f"{'  ' * depth}{name}:" for depth, name in enumerate(names)) + f" {text}\n"
