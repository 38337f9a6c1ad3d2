"""Purchases, returns to suppliers and transfers between warehouses."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Final

import attrs

from onecgw.demo.ledger.calendar import DAYS_A_MONTH, Calendar, is_workday
from onecgw.demo.ledger.catalogues import Firm, Partner
from onecgw.demo.ledger.company import Company
from onecgw.demo.ledger.journal import Journal, PurchaseLine, TransferLine
from onecgw.demo.ledger.overstock import Overstock, Round, rounds
from onecgw.demo.ledger.rounding import divide
from onecgw.demo.ledger.segments import MAIN_WAREHOUSE, SHOP, SOUTH
from onecgw.demo.ledger.stockroom import Shelf, Stockroom

_COVER_DAYS: Final = 62
_REORDER_BELOW: Final = 0.8
_SEASON_AHEAD: Final = timedelta(days=25)
_RETURN_SHARE: Final = 0.03
_RETURN_AFTER_DAYS: Final = (2, 6)
_TRANSFER_WEEKDAY: Final = 3
_TRANSFER_BELOW_DAYS: Final = 12
_TRANSFER_LINES: Final = 12


@attrs.frozen(kw_only=True)
class Bought:
    """What the treasury has to know of a purchase or of a return to the supplier.

    amount, vat: incl. VAT and the VAT in it, base currency; negative for a return.
    """

    firm: Firm
    supplier: Partner
    amount: int
    vat: int


class Supply:
    """The buyers of the company."""

    def __init__(
        self,
        *,
        rng: Random,
        company: Company,
        calendar: Calendar,
        stockroom: Stockroom,
        journal: Journal,
    ) -> None:
        self._rng = rng
        self._calendar = calendar
        self._journal = journal
        self._stockroom = stockroom
        self._firms = {firm.id: firm for firm in company.firms}
        self._documents_a_day = company.size.purchases_a_month / DAYS_A_MONTH
        self._rounds = deque(rounds(company, stockroom))
        rng.shuffle(self._rounds)
        self._returns_due: dict[date, list[tuple[Round, int, Shelf, PurchaseLine]]] = {}
        self._warehouses = {
            label: company.warehouse(label).id for label in (MAIN_WAREHOUSE, SHOP, SOUTH)
        }
        self._overstock = Overstock(company=company, calendar=calendar, stockroom=stockroom)

    def target_qty(self, shelf: Shelf, day: date) -> int:
        """How much should lie on a shelf, thousandths, with the coming season in mind."""
        ahead = self._calendar.activity(day + _SEASON_AHEAD)
        wanted = shelf.daily_qty * _COVER_DAYS * ahead
        step = shelf.product.step
        return max(step, round(wanted / step) * step)

    def supply(self, day: date) -> list[Bought]:
        """Write the purchases, returns and transfers of a day."""
        bought: list[Bought] = []
        expected = self._documents_a_day * self._calendar.wholesale(day)
        for _ in range(int(expected + self._rng.random())):
            purchase = self._next_purchase(day)
            if purchase is not None:
                bought.append(purchase)
        if is_workday(day):
            bought += [self._buy(day, one, lines) for one, lines in self._overstock.orders(day)]
            bought += self._send_back(day)
        if day.weekday() == _TRANSFER_WEEKDAY:
            self._transfer(day)
        return bought

    def _next_purchase(self, day: date) -> Bought | None:
        """The first supplier in turn from whom something is needed."""
        for _ in range(len(self._rounds)):
            one = self._rounds.popleft()
            self._rounds.append(one)
            wanted = [
                (shelf, target - shelf.qty)
                for shelf in one.shelves
                if shelf.qty < _REORDER_BELOW * (target := self.target_qty(shelf, day))
            ]
            if wanted:
                return self._buy(day, one, wanted)
        return None

    def _buy(self, day: date, one: Round, wanted: Iterable[tuple[Shelf, int]]) -> Bought:
        shelf = one.shelves[0]
        firm = self._firms[shelf.warehouse.firm]
        bought = [(shelf, self._receive(shelf, qty, firm)) for shelf, qty in wanted]
        lines = [line for _, line in bought]
        document = self._journal.purchase(
            day=day,
            firm=firm.id,
            warehouse=shelf.warehouse.id,
            supplier=one.supplier.id,
            lines=lines,
        )
        if self._rng.random() < _RETURN_SHARE:
            sent_back, line = self._rng.choice(bought)
            due = day + timedelta(days=self._rng.randrange(*_RETURN_AFTER_DAYS))
            self._returns_due.setdefault(due, []).append((one, document, sent_back, line))
        return Bought(
            firm=firm,
            supplier=one.supplier,
            amount=sum(line[2] for line in lines),
            vat=sum(line[3] for line in lines),
        )

    def _receive(self, shelf: Shelf, qty: int, firm: Firm) -> PurchaseLine:
        price = max(1, round(shelf.unit_price * self._rng.uniform(0.97, 1.03)))
        net = divide(price * qty, 1000)
        vat = divide(net * firm.vat_percent, 100)
        shelf.receive(qty, net * firm.rate)
        return shelf.product.id, qty, (net + vat) * firm.rate, vat * firm.rate

    def _send_back(self, day: date) -> Iterator[Bought]:
        """A whole line goes back at its purchase price, if the shelf keeps some of it."""
        for one, document, shelf, line in self._returns_due.pop(day, ()):
            _, qty, amount, vat = line
            if shelf.qty <= qty or shelf.cost <= amount - vat:
                continue
            shelf.receive(-qty, -(amount - vat))
            firm = self._firms[shelf.warehouse.firm]
            self._journal.purchase(
                day=day,
                firm=firm.id,
                warehouse=shelf.warehouse.id,
                supplier=one.supplier.id,
                lines=[line],
                return_of=document,
            )
            yield Bought(firm=firm, supplier=one.supplier, amount=-amount, vat=-vat)

    def _transfer(self, day: date) -> None:
        """Once a week the main warehouse helps out the two others of its firm."""
        source = self._warehouses[MAIN_WAREHOUSE]
        for target in (self._warehouses[SHOP], self._warehouses[SOUTH]):
            lines: list[TransferLine] = []
            for shelf in self._stockroom.shelves.values():
                if shelf.warehouse.id != target or len(lines) == _TRANSFER_LINES:
                    continue
                giver = self._stockroom.shelves.get((source, shelf.product.id))
                wanted = self.target_qty(shelf, day) - shelf.qty
                is_short = shelf.qty < shelf.daily_qty * _TRANSFER_BELOW_DAYS
                if is_short and giver is not None and giver.qty > 2 * wanted > 0:
                    cost = giver.issue(wanted)
                    shelf.receive(wanted, cost)
                    lines.append((shelf.product.id, wanted, cost))
            if lines:
                self._journal.stock_transfer(day=day, source=source, target=target, lines=lines)
