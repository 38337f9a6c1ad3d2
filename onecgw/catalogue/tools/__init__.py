"""The catalogue: everything the gateway can answer, in publication order."""

from typing import Final

from onecgw.catalogue.kinds import Tool
from onecgw.catalogue.tools import cycle, money, purchases, references, sales, settlements, stock

ALL: Final[tuple[Tool, ...]] = (
    *references.TOOLS,
    *sales.TOOLS,
    *stock.TOOLS,
    *money.TOOLS,
    *settlements.TOOLS,
    *purchases.TOOLS,
    *cycle.TOOLS,
)
BY_NAME: Final = {tool.name: tool for tool in ALL}
