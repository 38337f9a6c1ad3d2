"""The catalogue: everything the gateway can answer, in publication order."""

from typing import Final

from onecgw.catalogue.kinds import Tool
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
BY_NAME: Final = {tool.name: tool for tool in ALL}
