"""Render tests/catalogue/snapshots: what MCP publishes of each tool, for review."""

import json
from pathlib import Path
from typing import Final

from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.settings import LimitsSettings
from tests.rendering.files import ROOT

FOLDER: Final = ROOT / "tests" / "catalogue" / "snapshots"


def render_snapshots() -> dict[Path, str]:
    """Return the text of each snapshot by its path."""
    catalogue, everything = Catalogue(ALL, LimitsSettings()), frozenset(ALL_SCOPES)
    return {
        FOLDER / f"{tool.name}.json": json.dumps(
            catalogue.describe(tool, everything), ensure_ascii=False, indent=2
        )
        + "\n"
        for tool in ALL
    }
