from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.margin_bridge import EFFECTS, Sold, add_changes, bridge

MONEY = st.decimals(-(10**7), 10**7, places=2)
SOLD = st.builds(Sold, qty=st.decimals(-(10**4), 10**4, places=3), revenue=MONEY, cost=MONEY)
PRODUCTS = st.dictionaries(st.sampled_from("абвгде"), SOLD)


def sold(qty: int, revenue: int, cost: int) -> Sold:
    return Sold(qty=Decimal(qty), revenue=Decimal(revenue), cost=Decimal(cost))


def effects(price: int, unit_cost: int, volume: int, mix: int) -> dict[str, Decimal]:
    return dict(zip(EFFECTS, map(Decimal, (price, unit_cost, volume, mix)), strict=True))


def test_the_worked_example() -> None:
    # Quantity grew from 20 to 30, that is by a half. Price of а: 10 → 12, its unit cost 6 → 7.
    found = bridge(
        {"а": sold(20, 240, 140), "в": sold(10, 50, 30)},
        {"а": sold(10, 100, 60), "б": sold(10, 80, 70)},
    )

    # а: (12 − 10) × 20; −(7 − 6) × 20; 40 × ½; its quantity grew by 10, 5 more than all: 5 × 4.
    assert found["а"].effects == effects(40, -20, 20, 20)
    # б is gone, в is new: neither has two prices.
    assert found["б"].effects == effects(0, 0, 5, -15)
    assert found["в"].effects == effects(0, 0, 0, 20)
    assert add_changes(found.values()).effects == effects(40, -20, 25, 25)


def test_the_first_sales_of_all_are_mix_alone() -> None:
    assert bridge({"а": sold(5, 50, 30)}, {})["а"].effects == effects(0, 0, 0, 20)


@given(PRODUCTS, PRODUCTS)
def test_effects_add_up_to_the_change_to_the_kopeck(
    now: dict[str, Sold], before: dict[str, Sold]
) -> None:
    found = bridge(now, before)

    for change in (*found.values(), add_changes(found.values())):
        assert sum(change.effects.values()) == change.change
    assert add_changes(found.values()).change == sum(
        (one.revenue - one.cost for one in now.values()), Decimal(0)
    ) - sum((one.revenue - one.cost for one in before.values()), Decimal(0))
