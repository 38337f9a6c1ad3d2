"""The catalogue: everything the gateway can answer, in publication order."""

from collections.abc import Collection, Mapping
from typing import Final

from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import (
    company,
    cycle,
    debt_aging,
    margin_bridge,
    money,
    purchases,
    references,
    sales,
    settlements,
    stock,
    stock_cover,
)

ALL: Final[tuple[Tool, ...]] = (
    *references.TOOLS,
    *sales.TOOLS,
    *stock.TOOLS,
    *money.TOOLS,
    *settlements.TOOLS,
    *purchases.TOOLS,
    *cycle.TOOLS,
    *debt_aging.TOOLS,
    *stock_cover.TOOLS,
    *margin_bridge.TOOLS,
    *company.TOOLS,
)
# What `mcp.toolsets` chooses among.
TOOLSETS: Final[Mapping[str, tuple[Tool, ...]]] = {
    "references": (*references.TOOLS, *company.TOOLS),
    "sales": sales.TOOLS,
    "stock": stock.TOOLS,
    "money": (*money.TOOLS, *settlements.TOOLS, *purchases.TOOLS),
    "analysis": (*cycle.TOOLS, *debt_aging.TOOLS, *stock_cover.TOOLS, *margin_bridge.TOOLS),
}
BY_NAME: Final = {tool.name: tool for tool in ALL}


def left_out_by(toolsets: Collection[str]) -> frozenset[str]:
    """The names of the tools that are in none of the toolsets."""
    kept = {tool.name for name in toolsets for tool in TOOLSETS[name]}
    return frozenset(BY_NAME) - kept
