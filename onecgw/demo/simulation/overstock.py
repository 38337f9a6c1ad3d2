"""The scenario of the books: purchases of one product group far exceed its sales."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import cycle
from typing import Final

import attrs

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import month_start, months_before, year_before
from onecgw.demo.simulation.catalogue_drafts import named
from onecgw.demo.simulation.context import Context
from onecgw.demo.simulation.replenishment import ReplenishmentGroup
from onecgw.demo.simulation.sales_segments import MAIN_WAREHOUSE
from onecgw.demo.simulation.stock_ledger import StockItem
from onecgw.demo.simulation.turnover import Turnover, weighted_ends

# By how many days the cycle is longer than in the same months of the year before.
_LONGER_DAYS: Final = 15.0
# The pile grows during the first weeks, by an order on each of these weekdays. So it is owed for
# at the end of the first month and paid by the end of the second: the payables turn as they did.
_PILING_DAYS: Final = 16
_ORDERED_ON: Final = (0, 3)
# A pile that is too high cannot be taken back, so in the first month it stays a little lower.
_FIRST_MONTH_PART: Final = 0.88
# In the last month a balance counts so little that the pile only follows what it was to be.
_LAST_MOVES: Final = 0.06
_ONE_DAY: Final = timedelta(days=1)


@attrs.frozen(kw_only=True)
class CashCycle:
    """What the cash conversion cycle is made of."""

    stock: Turnover = attrs.field(factory=Turnover)
    receivables: Turnover = attrs.field(factory=Turnover)
    payables: Turnover = attrs.field(factory=Turnover)


class Overstock:
    """The buyers' mistake: they pile up one product group in the main warehouse.

    The pile makes the company's cash conversion cycle so many days longer than a year before, by
    the average of the balances at the ends of the scenario's months; it is kept up until its end.
    """

    def __init__(
        self, context: Context, groups: list[ReplenishmentGroup], cash_cycle: CashCycle
    ) -> None:
        company, calendar = context.company, context.calendar
        group = named(company.products, names.SCENARIO_GROUP).id
        main = named(company.warehouses, MAIN_WAREHOUSE)
        own = [
            attrs.evolve(one, items=items)
            for one in groups
            if one.warehouse == main
            and (items := tuple(s for s in one.items if s.product.parent == group))
        ]
        self._turns = cycle(own)
        self._cycle = cash_cycle
        self._first, self._last = calendar.scenario_from, calendar.scenario_to
        self._before = year_before(self._first), months_before(self._first, 9) - _ONE_DAY
        self._pile = 0.0

    def orders(self, day: date) -> Iterator[tuple[ReplenishmentGroup, list[tuple[StockItem, int]]]]:
        """What is ordered on a day above the usual, thousandths of a unit by item."""
        if not self._first <= day <= self._last or day.weekday() not in _ORDERED_ON:
            return
        pile = self._wanted_pile()
        if day >= month_start(self._last):
            few = self._pile * _LAST_MOVES
            pile = min(max(pile, self._pile - few), self._pile + few)
        self._pile = pile
        elapsed = (day - self._first).days + 1
        part = _FIRST_MONTH_PART if month_start(day) == self._first else 1.0
        balance = self._cycle.stock.balance[day - _ONE_DAY]
        missing = self._usual_stock(day) + pile * min(part, elapsed / _PILING_DAYS) - balance
        one = next(self._turns)
        days = missing / one.daily_cost
        wanted = [(item, int(item.daily_qty * days / 1000) * 1000) for item in one.items]
        if any(qty > 0 for _, qty in wanted):
            yield one, [(item, qty) for item, qty in wanted if qty > 0]

    def _usual_stock(self, day: date) -> float:
        """What would lie in stock without the pile, on the way from a month's end to the next."""
        before = month_start(day) - _ONE_DAY
        after = months_before(day, -1) - _ONE_DAY
        one, two = (self._cycle.stock.usual(end) for end in (before, after))
        return one + (two - one) * (day - before).days / (after - before).days

    def _wanted_pile(self) -> float:
        """What must lie above the usual from now on, for the cycle to come out as wanted."""
        stock = self._cycle.stock
        lasts = stock.days(*self._before) + _LONGER_DAYS - self._expected_change_of_debts()
        scenario = self._first, self._last
        missing = lasts * stock.expected_flow(*scenario) / ((self._last - self._first).days + 1)
        to_come = 0.0
        for end, part in weighted_ends(*scenario):
            missing -= part * stock.expected_balance(end)
            to_come += 0.0 if end in stock.balance else part
        return missing / to_come

    def _expected_change_of_debts(self) -> float:
        """By how many days debts lengthen the cycle; not known before the pile is owed for."""
        if month_start(max(self._cycle.stock.balance) + _ONE_DAY) == self._first:
            return 0.0
        received, paid = (
            debts.expected_days(self._first, self._last) - debts.days(*self._before)
            for debts in (self._cycle.receivables, self._cycle.payables)
        )
        return received - paid
