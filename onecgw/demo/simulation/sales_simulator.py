"""Sales and returns of a day."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import attrs

from onecgw.demo.simulation.calendar import next_workday
from onecgw.demo.simulation.catalogue_entries import Firm, Partner
from onecgw.demo.simulation.context import Context
from onecgw.demo.simulation.journal import SaleLine
from onecgw.demo.simulation.product_generator import NEGATIVE_PRODUCT
from onecgw.demo.simulation.sales_segments import Segment
from onecgw.demo.simulation.segment_sampler import SegmentSampler

_RETURN_SHARE: Final = 0.025
_RETURN_AFTER_DAYS: Final = (3, 21)
_OVERSOLD_DAYS_AGO: Final = 9
_OVERSOLD_QTY: Final = 3000


@attrs.frozen(kw_only=True)
class BookedSale:
    """A sale or a return, as settlements and later returns need it.

    document: the id of the sale, 0 before it is written.
    amount, vat, cost: incl. VAT, the VAT in it, its cost, base currency; negative for a return.
    """

    document: int
    firm: Firm
    warehouse: int
    customer: Partner
    seller: int
    channel: int
    segment: Segment
    amount: int
    vat: int
    cost: int


class SalesSimulator:
    """The sellers of the company."""

    def __init__(self, context: Context, samplers: Sequence[SegmentSampler]) -> None:
        self._rng = context.rng
        self._calendar = context.calendar
        self._stock_ledger = context.stock_ledger
        self._journal = context.journal
        self._samplers = samplers
        self._returns_due: dict[date, list[tuple[BookedSale, SaleLine]]] = {}
        oversold = context.calendar.today - timedelta(days=_OVERSOLD_DAYS_AGO)
        self._oversold_on = next_workday(oversold)

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
        sale = BookedSale(
            document=0,
            firm=sampler.firm,
            warehouse=warehouse,
            customer=customer,
            seller=sampler.seller_of(customer),
            channel=sampler.channel,
            segment=sampler.segment,
            amount=sum(amounts),
            vat=sum(vats),
            cost=sum(costs),
        )
        sale = attrs.evolve(sale, document=self._write(day, sale, lines))
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
            item = self._stock_ledger.items[sale.warehouse, product]
            if item.qty < 0:
                continue  # the negative stock stays until a stocktaking corrects it
            item.receive(qty, cost)
            self._write(day, sale, (line,), return_of=sale.document)
            yield attrs.evolve(sale, amount=-amount, vat=-vat, cost=-cost)

    def _write(
        self,
        day: date,
        sale: BookedSale,
        lines: tuple[SaleLine, ...],
        *,
        return_of: int | None = None,
    ) -> int:
        return self._journal.write(
            "sales",
            day,
            return_of=return_of,
            firm=sale.firm.id,
            warehouse=sale.warehouse,
            customer=sale.customer.id,
            seller=sale.seller,
            channel=sale.channel,
            lines=lines,
        )
