from hypothesis import given
from hypothesis import strategies as st

from onecgw.demo.simulation.catalogue_entries import Product, Warehouse
from onecgw.demo.simulation.stock_ledger import StockItem

PRODUCT = Product(id=1, uuid="p", code="1", label="a product", margin_percent=40)
WAREHOUSE = Warehouse(id=1, uuid="w", code="1", label="a warehouse", firm=1)


def item() -> StockItem:
    return StockItem(product=PRODUCT, warehouse=WAREHOUSE, unit_price=1000, rate=1)


def test_cost_of_an_issue_is_the_moving_average() -> None:
    found = item()
    found.receive(3000, 3000)
    found.receive(1000, 2000)
    assert found.issue(2000) == 2500
    assert (found.qty, found.cost) == (2000, 2500)


def test_last_unit_takes_the_whole_rest() -> None:
    found = item()
    found.receive(3000, 1000)
    assert [found.issue(1000) for _ in range(3)] == [333, 334, 333]
    assert (found.qty, found.cost) == (0, 0)


def test_what_exceeds_the_stock_costs_the_purchase_price() -> None:
    found = item()
    found.receive(2000, 1500)
    assert found.issue(5000) == 1500 + 3000
    assert (found.qty, found.cost) == (-3000, -3000)


def test_price_holds_vat_and_margin() -> None:
    # 10.00 is 60 % of 16.67, and with 20 % VAT that is 20.00.
    assert item().sale_price(20, 0) == 2000
    assert item().sale_price(20, 5) == 1900


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 99_999)), min_size=1, max_size=8))
def test_all_that_comes_in_goes_out_at_what_it_cost(received: list[tuple[int, int]]) -> None:
    found = item()
    for units, cost in received:
        found.receive(units * 1000, cost)
    units = sum(units for units, _ in received)
    assert sum(found.issue(1000) for _ in range(units)) == sum(cost for _, cost in received)
    assert (found.qty, found.cost) == (0, 0)
