"""Which product lies in which warehouse, and how much of it an average day sells."""

from collections.abc import Iterator
from random import Random

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import DAYS_A_MONTH
from onecgw.demo.simulation.catalogues import Product
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.drafts import named
from onecgw.demo.simulation.segments import (
    ASSORTMENT,
    FILLED_FROM,
    MAIN_WAREHOUSE,
    SEGMENTS,
    Segment,
)
from onecgw.demo.simulation.stockroom import Shelf, Stockroom


def put_up_shelves(rng: Random, company: Company) -> Stockroom:
    """Empty shelves for the assortment of every warehouse, with their expected demand."""
    stockroom = Stockroom()
    rates = {firm.id: firm.rate for firm in company.firms}
    for label in ASSORTMENT:
        warehouse = company.warehouse(label)
        rate = rates[warehouse.firm]
        filled_from = FILLED_FROM.get(label)
        sources = stockroom.in_warehouse(company.warehouse(filled_from)) if filled_from else {}
        for product in _kept(rng, company, label):
            if filled_from and product.id not in sources:
                continue
            stockroom.add(
                Shelf(
                    product=product,
                    warehouse=warehouse,
                    unit_price=round(product.unit_price / rate),
                    rate=rate,
                    source=sources.get(product.id),
                )
            )
    for segment in SEGMENTS:
        for shelf, qty in expected_sales(company, segment, stockroom):
            shelf.daily_qty += qty
            if shelf.source is not None:
                shelf.source.daily_qty += qty
    return stockroom


def _kept(rng: Random, company: Company, label: str) -> Iterator[Product]:
    """The products of a warehouse; the main one has those of the scenario and the unsold, too."""
    scenario = named(company.products, names.SCENARIO_GROUP)
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
    company: Company, segment: Segment, stockroom: Stockroom
) -> Iterator[tuple[Shelf, float]]:
    """What a segment sells from each shelf on an average day, thousandths of a unit."""
    documents_a_day = company.size.sales_a_month * segment.share / DAYS_A_MONTH
    lines_a_day = documents_a_day * sum(segment.lines) / len(segment.lines)
    weights = sum(weight for _, weight in segment.warehouses)
    for label, weight in segment.warehouses:
        warehouse = company.warehouse(label).id
        shelves = [shelf for shelf in stockroom.shelves.values() if shelf.warehouse.id == warehouse]
        likelihood = sum(segment.likelihood(shelf.product) for shelf in shelves)
        for shelf in shelves:
            share = weight / weights * segment.likelihood(shelf.product) / likelihood
            yield shelf, lines_a_day * share * segment.mean_qty(shelf.product)
