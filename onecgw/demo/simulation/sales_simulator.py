"""Sales and returns of a day."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final

import attrs

from onecgw.demo.simulation.calendar import Calendar, next_workday
from onecgw.demo.simulation.catalogue_entries import Firm, Partner
from onecgw.demo.simulation.journal import Journal, SaleLine
from onecgw.demo.simulation.product_generator import NEGATIVE_PRODUCT
from onecgw.demo.simulation.segment_sampler import SegmentSampler
from onecgw.demo.simulation.stock_ledger import StockLedger

_RETURN_SHARE: Final = 0.025
_RETURN_AFTER_DAYS: Final = (3, 21)
_OVERSOLD_DAYS_AGO: Final = 9
_OVERSOLD_QTY: Final = 3000


@attrs.frozen(kw_only=True)
class BookedSale:
    """A sale or a return, as settlements and later returns need it.

    amount, vat, cost: incl. VAT, the VAT in it, its cost, base currency; negative for a return.
    """

    document: int
    firm: Firm
    warehouse: int
    customer: Partner
    seller: int
    channel: int
    wholesale: bool
    offline: bool
    amount: int
    vat: int
    cost: int


class SalesSimulator:
    """The sellers of the company."""

    def __init__(
        self,
        *,
        rng: Random,
        calendar: Calendar,
        stock_ledger: StockLedger,
        samplers: Sequence[SegmentSampler],
        journal: Journal,
    ) -> None:
        self._rng = rng
        self._calendar = calendar
        self._stock_ledger = stock_ledger
        self._samplers = samplers
        self._journal = journal
        self._returns_due: dict[date, list[tuple[BookedSale, SaleLine]]] = {}
        self._oversold_on = next_workday(calendar.today - timedelta(days=_OVERSOLD_DAYS_AGO))

    def run_day(self, day: date) -> list[BookedSale]:
        """Write the sales and the returns of a day, in this order."""
        sold = []
        wholesale, retail = self._calendar.wholesale(day), self._calendar.retail(day)
        for sampler in self._samplers:
            busy = wholesale if sampler.segment.wholesale else retail
            for _ in range(sampler.documents_of_a_day(busy)):
                warehouse = sampler.pick_warehouse()
                lines = tuple(sampler.pick_lines(warehouse))
                if lines:
                    sold.append(self._sell(sampler, day, warehouse=warehouse, lines=lines))
        if day == self._oversold_on:
            sold.append(self._oversell(day))
        return sold + list(self._take_back(day))

    def _sell(
        self, sampler: SegmentSampler, day: date, *, warehouse: int, lines: tuple[SaleLine, ...]
    ) -> BookedSale:
        customer = sampler.pick_customer(day)
        _, _, amounts, vats, costs = zip(*lines, strict=True)
        seller = sampler.seller_of(customer)
        sale = BookedSale(
            document=self._journal.write(
                "sales",
                day,
                firm=sampler.firm.id,
                warehouse=warehouse,
                customer=customer.id,
                seller=seller,
                channel=sampler.channel,
                lines=lines,
            ),
            firm=sampler.firm,
            warehouse=warehouse,
            customer=customer,
            seller=seller,
            channel=sampler.channel,
            wholesale=sampler.segment.wholesale,
            offline=sampler.segment.channel == "Offline",
            amount=sum(amounts),
            vat=sum(vats),
            cost=sum(costs),
        )
        if self._rng.random() < _RETURN_SHARE:
            after = timedelta(days=self._rng.randrange(*_RETURN_AFTER_DAYS))
            taken_back = (sale, self._rng.choice(lines))
            self._returns_due.setdefault(day + after, []).append(taken_back)
        return sale

    def _oversell(self, day: date) -> BookedSale:
        """Sell more of the mixed-up product than there is: the negative line of the stock."""
        item = next(
            item
            for item in self._stock_ledger.items.values()
            if item.product.label == NEGATIVE_PRODUCT
        )
        line = self._samplers[0].sale_line(item, item.qty + _OVERSOLD_QTY, 0)
        return self._sell(self._samplers[0], day, warehouse=item.warehouse.id, lines=(line,))

    def _take_back(self, day: date) -> Iterator[BookedSale]:
        """A return brings back one whole line, at the price and the cost it was sold for."""
        for sale, line in self._returns_due.pop(day, ()):
            product, qty, amount, vat, cost = line
            item = self._stock_ledger.of(sale.warehouse, product)
            if item.qty < 0:
                continue  # the negative stock stays until a stocktaking corrects it
            item.receive(qty, cost)
            document = self._journal.write(
                "sales",
                day,
                firm=sale.firm.id,
                warehouse=sale.warehouse,
                customer=sale.customer.id,
                seller=sale.seller,
                channel=sale.channel,
                lines=(line,),
                return_of=sale.document,
            )
            yield attrs.evolve(sale, document=document, amount=-amount, vat=-vat, cost=-cost)
