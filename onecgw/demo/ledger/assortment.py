"""Which product lies in which warehouse, and how much of it an average day sells."""

from collections.abc import Iterator
from random import Random

from onecgw.demo.ledger import names
from onecgw.demo.ledger.calendar import DAYS_A_MONTH
from onecgw.demo.ledger.catalogues import Product, Warehouse
from onecgw.demo.ledger.company import Company
from onecgw.demo.ledger.segments import ASSORTMENT, MAIN_WAREHOUSE, SEGMENTS, Segment
from onecgw.demo.ledger.stockroom import Shelf, Stockroom


def put_up_shelves(rng: Random, company: Company) -> Stockroom:
    """Empty shelves for the assortment of every warehouse, with their expected demand."""
    stockroom = Stockroom()
    firms = {firm.id: firm for firm in company.firms}
    for warehouse in company.warehouses:
        for product in company.products:
            if not product.is_group and _is_kept(rng, company, warehouse, product):
                rate = firms[warehouse.firm].rate
                unit_price = max(1, round(product.unit_price / rate))
                stockroom.add(
                    Shelf(product=product, warehouse=warehouse, unit_price=unit_price, rate=rate)
                )
    for segment in SEGMENTS:
        for shelf, qty in expected_sales(company, segment, stockroom):
            shelf.daily_qty += qty
    return stockroom


def _is_kept(rng: Random, company: Company, warehouse: Warehouse, product: Product) -> bool:
    drawn = rng.random() < ASSORTMENT[warehouse.label]
    if warehouse.label != MAIN_WAREHOUSE:
        return drawn and product.popularity > 0
    folder = company.products[(product.parent or 0) - 1]
    return drawn or product.popularity == 0 or folder.label == names.STORY_GROUP


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
