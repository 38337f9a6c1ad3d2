"""Which products each warehouse keeps, and how much of each an average day sells."""

from collections.abc import Iterator
from random import Random

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import DAYS_A_MONTH
from onecgw.demo.simulation.catalogue_drafts import named
from onecgw.demo.simulation.catalogue_entries import Product
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.sales_segments import (
    ASSORTMENT,
    FILLED_FROM,
    MAIN_WAREHOUSE,
    SEGMENTS,
    Segment,
)
from onecgw.demo.simulation.stock_ledger import StockItem, StockLedger


def stock_assortment(rng: Random, company: Company) -> StockLedger:
    """Create the empty stock items of every warehouse, with their expected demand."""
    stock_ledger = StockLedger()
    for label in ASSORTMENT:
        warehouse = named(company.warehouses, label)
        rate = company.firm(warehouse.firm).rate
        filled_from = FILLED_FROM.get(label)
        sources = {}
        if filled_from:
            sources = stock_ledger.in_warehouse(named(company.warehouses, filled_from).id)
        for product in _kept(rng, company, label):
            if filled_from and product.id not in sources:
                continue
            stock_ledger.items[warehouse.id, product.id] = StockItem(
                product=product,
                warehouse=warehouse,
                unit_price=round(product.unit_price / rate),
                rate=rate,
                source=sources.get(product.id),
            )
    for segment in SEGMENTS:
        for item, qty in expected_sales(company, segment, stock_ledger):
            item.daily_qty += qty
            if item.source is not None:
                item.source.daily_qty += qty
    return stock_ledger


def _kept(rng: Random, company: Company, label: str) -> Iterator[Product]:
    """The products of a warehouse; the main one has those of the scenario and the unsold, too."""
    scenario = named(company.products, names.SCENARIO_GROUP).id
    for product in company.products:
        drawn = rng.random() < ASSORTMENT[label]
        sells = product.popularity > 0
        if label == MAIN_WAREHOUSE:
            drawn = drawn or product.parent == scenario or not sells
        elif not sells:
            drawn = False
        if drawn and not product.is_group:
            yield product


def expected_sales(
    company: Company, segment: Segment, stock_ledger: StockLedger
) -> Iterator[tuple[StockItem, float]]:
    """What a segment sells from each item on an average day, thousandths of a unit."""
    documents_a_day = company.size.sales_a_month * segment.share / DAYS_A_MONTH
    lines_a_day = documents_a_day * sum(segment.lines) / len(segment.lines)
    weights = sum(weight for _, weight in segment.warehouses)
    for label, weight in segment.warehouses:
        items = stock_ledger.in_warehouse(named(company.warehouses, label).id).values()
        likelihood = sum(segment.likelihood(item.product) for item in items)
        for item in items:
            share = weight / weights * segment.likelihood(item.product) / likelihood
            yield item, lines_a_day * share * segment.mean_qty(item.product)
