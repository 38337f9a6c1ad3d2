"""Draws the customers and the document lines of one sales segment at random."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate
from random import Random
from typing import Final, TypeVar

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import DAYS_A_MONTH
from onecgw.demo.simulation.catalogue_drafts import named
from onecgw.demo.simulation.catalogue_entries import Partner
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.context import Context
from onecgw.demo.simulation.journal import SaleLine
from onecgw.demo.simulation.partner_generator import ADVANCE_ONLY
from onecgw.demo.simulation.product_generator import PARETO
from onecgw.demo.simulation.rounding import divide
from onecgw.demo.simulation.sales_segments import (
    RETAIL_UNITS,
    WHOLESALE_DISCOUNTS_PERCENT,
    WHOLESALE_PACKS,
    Segment,
)
from onecgw.demo.simulation.stock_ledger import StockItem, StockLedger

_ValueT = TypeVar("_ValueT")

_DRAWN_AT_ONCE: Final = 256
_ATTEMPTS_FOR_A_KNOWN_CUSTOMER: Final = 20


class SegmentSampler:
    """The customers and stock items of one segment, drawn by their weights."""

    def __init__(self, context: Context, segment: Segment) -> None:
        company, rng = context.company, context.rng
        self.segment = segment
        self.firm = next(firm for firm in company.firms if firm.currency == segment.firm)
        folder = named(company.channels, segment.folder).id
        wanted = (segment.channel, folder)
        self.channel = next(one.id for one in company.channels if (one.label, one.parent) == wanted)
        self._documents_a_day = company.size.sales_a_month * segment.share / DAYS_A_MONTH
        self._documents_due = 0.0
        self.customers = _customers(rng, company, segment)
        self._rng = rng
        self._customer_weights = list(
            accumulate((rank + 3) ** -PARETO for rank in range(len(self.customers)))
        )
        self._line_counts = _dealt(rng, segment.lines)
        self._discounts = _dealt(rng, WHOLESALE_DISCOUNTS_PERCENT if segment.wholesale else (0,))
        self._units = _dealt(rng, WHOLESALE_PACKS if segment.wholesale else RETAIL_UNITS)
        self._sellers = [one.id for one in company.sellers if one.firm == self.firm.id]
        self._warehouses = [
            warehouse
            for label, weight in segment.warehouses
            for warehouse in [named(company.warehouses, label).id] * weight
        ]
        self._items = {
            warehouse: self._drawn_items(context.stock_ledger, warehouse)
            for warehouse in dict.fromkeys(self._warehouses)
        }

    def documents_of_a_day(self, busy: float) -> int:
        """How many documents a day brings; what is less than one waits for the next day."""
        self._documents_due += self._documents_a_day * busy * self._rng.uniform(0.9, 1.1)
        count = int(self._documents_due)
        self._documents_due -= count
        return count

    def expected_share(self, customer: Partner) -> float:
        """The part of the segment's sales that a customer makes."""
        rank = self.customers.index(customer)
        return float((rank + 3) ** -PARETO / self._customer_weights[-1])

    def pick_warehouse(self) -> int:
        """Where the next document is sold from."""
        return self._rng.choice(self._warehouses)

    def pick_customer(self, day: date) -> Partner:
        """A customer who is already known on that day."""
        for _ in range(_ATTEMPTS_FOR_A_KNOWN_CUSTOMER):
            (customer,) = self._rng.choices(self.customers, cum_weights=self._customer_weights)
            if customer.created <= day:
                return customer
        return next(customer for customer in self.customers if customer.created <= day)

    def seller_of(self, customer: Partner) -> int:
        """Wholesale customers have their manager; retail has any seller of the firm."""
        if self.segment.wholesale:
            return self._sellers[customer.id % len(self._sellers)]
        return self._rng.choice(self._sellers)

    def pick_lines(self, warehouse: int) -> Iterator[SaleLine]:
        """The lines of a sale; a product stands in a document once, and only if there is stock."""
        items = self._items[warehouse]
        discount = next(self._discounts)
        taken: list[StockItem] = []
        for _ in range(next(self._line_counts)):
            item = next(items)
            if item in taken or item.qty < item.product.step:
                item = next(items)
            if item in taken or item.qty < item.product.step:
                continue
            taken.append(item)
            step = item.product.step
            qty = min(self._wanted_qty(item), item.qty // step * step)
            yield self.sale_line(item, qty, discount)

    def sale_line(self, item: StockItem, qty: int, discount_percent: int) -> SaleLine:
        """Sell so much from an item, at its purchase price and the product's margin."""
        vat_percent = self.firm.vat_percent
        price = item.sale_price(vat_percent, discount_percent)
        amount = divide(price * qty, 1000)
        vat = divide(amount * vat_percent, 100 + vat_percent)
        rate = item.rate
        return item.product.id, qty, amount * rate, vat * rate, item.issue(qty)

    def _wanted_qty(self, item: StockItem) -> int:
        step = item.product.step
        units = next(self._units)
        if self.segment.wholesale:
            return max(step, int(item.product.pack * units * 1000) // step * step)
        return int(units * step)

    def _drawn_items(self, stock_ledger: StockLedger, warehouse: int) -> Iterator[StockItem]:
        items = [
            item
            for item in stock_ledger.in_warehouse(warehouse).values()
            if item.product.popularity > 0
        ]
        weights = list(accumulate(self.segment.likelihood(item.product) for item in items))
        while True:
            yield from self._rng.choices(items, cum_weights=weights, k=_DRAWN_AT_ONCE)


def _dealt(rng: Random, values: Sequence[_ValueT]) -> Iterator[_ValueT]:
    """Yield the values without end: in random order, each equally often."""
    while True:
        yield from rng.sample(values, len(values))


def _customers(rng: Random, company: Company, segment: Segment) -> list[Partner]:
    """The customers of a segment, the best ones first."""
    if not segment.customers:
        return [named(company.partners, names.ANONYMOUS)]
    folders = [named(company.partners, label).id for label in segment.customers]
    customers = [
        customer
        for folder in folders
        for customer in company.partners
        if customer.parent == folder
        and not customer.archived
        and customer.label not in (names.ANONYMOUS, ADVANCE_ONLY)
    ]
    rng.shuffle(customers)
    return customers
