"""Groups of stock items that one supplier replenishes, and how urgent each group is."""

from functools import cached_property
from typing import Final

import attrs

from onecgw.demo.simulation.catalogue_entries import Firm, Partner, Warehouse
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.stock_ledger import StockItem, StockLedger

# A product is replenished when its stock is below this part of the target.
_REORDER_BELOW: Final = 0.8
# How order frequency depends on value: 0 is not at all, 1 is in proportion.
_WORTH_COUNTS: Final = 0.7
# Keeps the urgency of empty items finite, so that they stay in the order of their value.
_NEVER_EMPTIER: Final = 1.02


@attrs.define(kw_only=True, eq=False)
class ReplenishmentGroup:
    """What one supplier delivers to one warehouse."""

    firm: Firm
    warehouse: Warehouse
    supplier: Partner
    items: tuple[StockItem, ...]

    @cached_property
    def daily_cost(self) -> float:
        """What these items sell on an average day, at cost, kopecks."""
        return sum(item.daily_qty * item.unit_price * item.rate for item in self.items) / 1000

    def wanted(self, cover_days: float) -> list[tuple[StockItem, int]]:
        """The items that run low, and how much is missing to so many days' sales."""
        return [
            (item, target - item.qty)
            for item in self.items
            if item.qty < _REORDER_BELOW * (target := item.target_qty(cover_days))
        ]

    def urgency(self, cover_days: float) -> float:
        """What is worth much is ordered often and little at a time; what is empty, soon."""
        missing = 0.0
        for item in self.items:
            aim = item.daily_qty * cover_days
            if item.qty < _REORDER_BELOW * aim:
                missing += (aim - item.qty) * item.unit_price * item.rate
        part = missing / 1000 / (self.daily_cost * cover_days)
        worth: float = self.daily_cost**_WORTH_COUNTS
        return worth * part / (_NEVER_EMPTIER - part)


def replenishment_groups(company: Company, stock_ledger: StockLedger) -> list[ReplenishmentGroup]:
    """Every pair of a supplier and a warehouse it delivers to."""
    pairs: dict[tuple[int, int], list[StockItem]] = {}
    for item in stock_ledger.items.values():
        if item.product.popularity > 0 and item.source is None:
            pair = (item.product.supplier, item.warehouse.id)
            pairs.setdefault(pair, []).append(item)
    return [
        ReplenishmentGroup(
            firm=company.firm(items[0].warehouse.firm),
            warehouse=items[0].warehouse,
            supplier=company.partner(supplier),
            items=tuple(items),
        )
        for (supplier, _), items in pairs.items()
    ]
