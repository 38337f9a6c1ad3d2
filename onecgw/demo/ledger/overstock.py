"""The story of the books: one product group is bought in far beyond what it sells."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import attrs

from onecgw.demo.ledger import names
from onecgw.demo.ledger.calendar import STORY_MONTHS, Calendar
from onecgw.demo.ledger.catalogues import Partner
from onecgw.demo.ledger.company import Company
from onecgw.demo.ledger.segments import MAIN_WAREHOUSE
from onecgw.demo.ledger.stockroom import Shelf, Stockroom

# By how many days all stock together turns slower than it would.
_LONGER_DAYS: Final = 15.0
# The pile grows during the first weeks, a part of it every workday.
_PILING_DAYS: Final = 24


@attrs.frozen
class Round:
    """What one supplier delivers to one warehouse."""

    supplier: Partner
    shelves: tuple[Shelf, ...]


def rounds(company: Company, stockroom: Stockroom) -> list[Round]:
    """Every pair of a supplier and a warehouse it delivers to."""
    partners = {partner.id: partner for partner in company.partners}
    pairs: dict[tuple[int, int], list[Shelf]] = {}
    for shelf in stockroom.shelves.values():
        if shelf.product.popularity > 0:
            pair = (shelf.product.supplier, shelf.warehouse.id)
            pairs.setdefault(pair, []).append(shelf)
    return [Round(partners[supplier], tuple(shelves)) for (supplier, _), shelves in pairs.items()]


class Overstock:
    """The buyers' mistake: they pile up one product group in the main warehouse.

    The pile makes the company's whole stock last so many days longer, by the average of the
    balances at the ends of the story's months; it is kept up until the end of the story.
    """

    def __init__(self, *, company: Company, calendar: Calendar, stockroom: Stockroom) -> None:
        group = next(one.id for one in company.products if one.label == names.STORY_GROUP)
        main = company.warehouse(MAIN_WAREHOUSE).id
        self._calendar = calendar
        self._rounds = [
            Round(one.supplier, shelves)
            for one in rounds(company, stockroom)
            if (
                shelves := tuple(
                    shelf
                    for shelf in one.shelves
                    if shelf.product.parent == group and shelf.warehouse.id == main
                )
            )
        ]
        self._shelves = [shelf for one in self._rounds for shelf in one.shelves]
        # Of the balances that are averaged the first is without the pile, the last counts by half.
        part = (STORY_MONTHS - 0.5) / STORY_MONTHS
        self._pile_cost = _LONGER_DAYS * _daily_cost_of_sales(calendar, stockroom) / part
        self._usual_cost: int | None = None

    def orders(self, day: date) -> Iterator[tuple[Round, list[tuple[Shelf, int]]]]:
        """What is ordered on a day above the usual, thousandths of a unit by shelf."""
        if not self._calendar.story_from <= day <= self._calendar.story_to:
            return
        cost = sum(shelf.cost for shelf in self._shelves)
        if self._usual_cost is None:
            self._usual_cost = cost
        elapsed = (day - self._calendar.story_from).days + 1
        pile = self._pile_cost * min(1.0, elapsed / _PILING_DAYS)
        one = self._rounds[elapsed % len(self._rounds)]
        missing = self._usual_cost + pile - cost
        days = missing / sum(_daily_cost(shelf) for shelf in one.shelves)
        wanted = [(shelf, int(shelf.daily_qty * days / 1000) * 1000) for shelf in one.shelves]
        if any(qty > 0 for _, qty in wanted):
            yield one, [(shelf, qty) for shelf, qty in wanted if qty > 0]


def _daily_cost(shelf: Shelf) -> float:
    """What a shelf sells on an average day, at cost, kopecks."""
    return shelf.daily_qty * shelf.unit_price * shelf.rate / 1000


def _daily_cost_of_sales(calendar: Calendar, stockroom: Stockroom) -> float:
    """What the whole company is expected to sell on a day of the story, at cost."""
    days = (calendar.story_to - calendar.story_from).days + 1
    activity = sum(
        calendar.activity(calendar.story_from + timedelta(days=number)) for number in range(days)
    )
    return activity / days * sum(_daily_cost(shelf) for shelf in stockroom.shelves.values())
