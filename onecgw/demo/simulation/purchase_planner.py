"""Purchases, returns to suppliers and transfers between warehouses."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from heapq import nlargest
from typing import Final

import attrs

from onecgw.demo.simulation.calendar import DAYS_A_MONTH, is_workday, next_workday
from onecgw.demo.simulation.catalogue_entries import Firm, Partner
from onecgw.demo.simulation.context import Context
from onecgw.demo.simulation.journal import PurchaseLine, TransferLine
from onecgw.demo.simulation.overstock import CashCycle, Overstock
from onecgw.demo.simulation.replenishment import ReplenishmentGroup, replenishment_groups
from onecgw.demo.simulation.rounding import divide
from onecgw.demo.simulation.stock_ledger import StockItem

_COVER_DAYS: Final = 62
_SEASON_AHEAD: Final = timedelta(days=25)
# Purchase prices move by so much around the list price, and the value of the stock with them.
_PRICE_MOVES: Final = 0.02
_RETURN_SHARE: Final = 0.025
_RETURN_AFTER_DAYS: Final = (2, 6)
_TRANSFER_WEEKDAY: Final = 3
# A shop's stock of a product is replenished when it is below this part of its target.
_FILL_UP_BELOW: Final = 0.5


@attrs.frozen(kw_only=True)
class BookedPurchase:
    """A purchase or a return to the supplier, as settlements need it.

    amount, vat: incl. VAT and the VAT in it, base currency; negative for a return.
    """

    firm: Firm
    supplier: Partner
    amount: int
    vat: int


class PurchasePlanner:
    """Plans and writes the purchases, returns and transfers of each day."""

    def __init__(self, context: Context, cash_cycle: CashCycle) -> None:
        self._rng = context.rng
        self._calendar = context.calendar
        self._journal = context.journal
        self._documents_a_day = context.company.size.purchases_a_month / DAYS_A_MONTH
        self._documents_due = 0.0
        self._groups = replenishment_groups(context.company, context.stock_ledger)
        self._returns_owed = 0.0
        self._returns_due: dict[date, list[tuple[ReplenishmentGroup, int, StockItem, PurchaseLine]]]
        self._returns_due = {}
        self._shops = [
            (item, item.source)
            for item in context.stock_ledger.items.values()
            if item.source is not None
        ]
        self._overstock = Overstock(context, self._groups, cash_cycle)

    def cover_days(self, day: date) -> float:
        """The target stock in days of average sales; it follows the coming season."""
        return _COVER_DAYS * self._calendar.activity(day + _SEASON_AHEAD)

    def run_day(self, day: date) -> list[BookedPurchase]:
        """Write the purchases, returns and transfers of a day."""
        cover_days = self.cover_days(day)
        self._documents_due += self._documents_a_day * self._calendar.wholesale(day)
        orders = [
            (one, wanted)
            for one in self._most_urgent(int(self._documents_due), cover_days)
            if (wanted := one.wanted(cover_days))
        ]
        self._documents_due -= len(orders)
        bought = [self._buy(day, *order) for order in (*orders, *self._overstock.orders(day))]
        if is_workday(day):
            bought += self._send_back(day)
        if day.weekday() == _TRANSFER_WEEKDAY:
            self._fill_up_shops(day, cover_days)
        return bought

    def _most_urgent(self, count: int, cover_days: float) -> list[ReplenishmentGroup]:
        if count == 0:
            return []
        return nlargest(count, self._groups, key=lambda one: one.urgency(cover_days))

    def _buy(
        self, day: date, one: ReplenishmentGroup, wanted: Iterable[tuple[StockItem, int]]
    ) -> BookedPurchase:
        bought = [(item, self._receive(item, qty, one.firm)) for item, qty in wanted]
        lines = [line for _, line in bought]
        document = self._write(day, one, lines)
        self._returns_owed += _RETURN_SHARE
        faulty = [(to, line) for to, line in bought if _can_go_back(to, line)]
        if self._returns_owed >= 1 and faulty:
            self._returns_owed -= 1
            sent_back, line = self._rng.choice(faulty)
            after = timedelta(days=self._rng.randrange(*_RETURN_AFTER_DAYS))
            due = next_workday(day + after)
            self._returns_due.setdefault(due, []).append((one, document, sent_back, line))
        return BookedPurchase(
            firm=one.firm,
            supplier=one.supplier,
            amount=sum(line[2] for line in lines),
            vat=sum(line[3] for line in lines),
        )

    def _receive(self, item: StockItem, qty: int, firm: Firm) -> PurchaseLine:
        move = self._rng.uniform(-_PRICE_MOVES, _PRICE_MOVES)
        price = round(item.unit_price * (1 + move))
        net = divide(price * qty, 1000)
        vat = divide(net * firm.vat_percent, 100)
        item.receive(qty, net * firm.rate)
        return item.product.id, qty, (net + vat) * firm.rate, vat * firm.rate

    def _send_back(self, day: date) -> Iterator[BookedPurchase]:
        """A whole line goes back at its purchase price, or another one some other day."""
        for one, document, item, line in self._returns_due.pop(day, ()):
            if not _can_go_back(item, line):
                self._returns_owed += 1
                continue
            _, qty, amount, vat = line
            item.receive(-qty, -(amount - vat))
            self._write(day, one, [line], return_of=document)
            yield BookedPurchase(firm=one.firm, supplier=one.supplier, amount=-amount, vat=-vat)

    def _write(
        self,
        day: date,
        one: ReplenishmentGroup,
        lines: list[PurchaseLine],
        *,
        return_of: int | None = None,
    ) -> int:
        return self._journal.write(
            "purchases",
            day,
            return_of=return_of,
            firm=one.firm.id,
            warehouse=one.warehouse.id,
            supplier=one.supplier.id,
            lines=lines,
        )

    def _fill_up_shops(self, day: date, cover_days: float) -> None:
        """Once a week shops get what they run low of, but never more than half of what there is."""
        lines: dict[tuple[int, int], list[TransferLine]] = {}
        for item, source in self._shops:
            target = item.target_qty(cover_days)
            step = item.product.step
            qty = min(target - item.qty, source.qty // (2 * step) * step)
            if item.qty < target * _FILL_UP_BELOW and qty > 0:
                cost = source.issue(qty)
                item.receive(qty, cost)
                pair = (source.warehouse.id, item.warehouse.id)
                lines.setdefault(pair, []).append((item.product.id, qty, cost))
        for (source_id, target_id), moved in lines.items():
            self._journal.write(
                "stock_transfers",
                day,
                warehouse_from=source_id,
                warehouse_to=target_id,
                lines=moved,
            )


def _can_go_back(item: StockItem, line: PurchaseLine) -> bool:
    """Whether the rest would still be worth a price that it can have been bought at."""
    _, qty, amount, vat = line
    at_list_price = (item.qty - qty) * item.unit_price * item.rate / 1000
    move = abs(item.cost - (amount - vat) - at_list_price)
    return item.qty > qty and move <= at_list_price * _PRICE_MOVES
