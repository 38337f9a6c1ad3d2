"""The rounds of the buyers: which shelves one supplier fills, and how urgent that is."""

from functools import cached_property
from typing import Final

import attrs

from onecgw.demo.simulation.catalogues import Partner
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.stockroom import Shelf, Stockroom

# A shelf is filled up when less than this part of what it should hold is left.
_REORDER_BELOW: Final = 0.8
# How much more often what is worth more is ordered: 0 is as often as the rest, 1 is by its worth.
_WORTH_COUNTS: Final = 0.7
# Keeps the urgency of empty shelves finite, and so in the order of their worth.
_NEVER_EMPTIER: Final = 1.02


@attrs.define(kw_only=True, eq=False)
class Round:
    """What one supplier delivers to one warehouse."""

    supplier: Partner
    shelves: tuple[Shelf, ...]

    @cached_property
    def daily_cost(self) -> float:
        """What these shelves sell on an average day, at cost, kopecks."""
        return sum(shelf.daily_qty * shelf.unit_price * shelf.rate for shelf in self.shelves) / 1000

    def wanted(self, cover_days: float) -> list[tuple[Shelf, int]]:
        """The shelves that run low, and how much is missing to so many days' sales."""
        return [
            (shelf, target - shelf.qty)
            for shelf in self.shelves
            if shelf.qty < _REORDER_BELOW * (target := shelf.target_qty(cover_days))
        ]

    def urgency(self, cover_days: float) -> float:
        """What is worth much is ordered often and little at a time; what is empty, soon."""
        missing = 0.0
        for shelf in self.shelves:
            aim = shelf.daily_qty * cover_days
            if shelf.qty < _REORDER_BELOW * aim:
                missing += (aim - shelf.qty) * shelf.unit_price * shelf.rate
        part = missing / 1000 / (self.daily_cost * cover_days)
        worth: float = self.daily_cost**_WORTH_COUNTS
        return worth * part / (_NEVER_EMPTIER - part)


def draw_rounds(company: Company, stockroom: Stockroom) -> list[Round]:
    """Every pair of a supplier and a warehouse it delivers to."""
    partners = {partner.id: partner for partner in company.partners}
    pairs: dict[tuple[int, int], list[Shelf]] = {}
    for shelf in stockroom.shelves.values():
        if shelf.product.popularity > 0 and shelf.source is None:
            pair = (shelf.product.supplier, shelf.warehouse.id)
            pairs.setdefault(pair, []).append(shelf)
    return [
        Round(supplier=partners[supplier], shelves=tuple(shelves))
        for (supplier, _), shelves in pairs.items()
    ]
