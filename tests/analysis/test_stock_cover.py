from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.stock_cover import BUCKETS, ProductStock, add_stock, cover_of, urgency

PAIRS = st.tuples(st.decimals(-(10**4), 10**4, places=3), st.decimals(-(10**7), 10**7, places=2))
PRODUCTS = st.dictionaries(st.sampled_from("абвгде"), PAIRS)


def product(qty: str, sold: str, *, amount: str = "0", sold_amount: str = "0") -> ProductStock:
    return ProductStock(
        qty=Decimal(qty),
        amount=Decimal(amount),
        sold_qty=Decimal(sold),
        sold_amount=Decimal(sold_amount),
        days=30,
    )


@pytest.mark.parametrize(
    ("qty", "sold", "bucket", "cover"),
    [
        ("60", "30", "enough", 60),
        ("7", "30", "enough", 7),
        ("6.999", "30", "low", Fraction("6.999")),
        ("5", "0", "no_sale", None),
        ("5", "-1", "no_sale", None),  # more came back than was sold
        ("0", "30", "out_of_stock", None),
        ("0", "0", "no_quantity", None),
        ("-1", "30", "negative", None),
    ],
)
def test_every_product_is_in_one_bucket(
    qty: str, sold: str, bucket: str, cover: Fraction | None
) -> None:
    found = product(qty, sold)

    assert (found.bucket, found.cover_days) == (bucket, cover)


def test_the_most_urgent_products_come_first() -> None:
    few, fewer = product("6", "30"), product("3", "30")
    cheap, dear = product("5", "0", amount="10"), product("5", "0", amount="-90")
    slow, fast = product("0", "1", sold_amount="5"), product("0", "1", sold_amount="50")

    assert sorted([few, fewer], key=urgency) == [fewer, few]
    assert sorted([cheap, dear], key=urgency) == [dear, cheap]
    assert sorted([slow, fast], key=urgency) == [fast, slow]


@given(PRODUCTS, PRODUCTS)
def test_buckets_add_up_to_the_stock(
    stock: dict[str, tuple[Decimal, Decimal]], sold: dict[str, tuple[Decimal, Decimal]]
) -> None:
    found = cover_of(stock, sold, days=30)
    sums = [add_stock(one for one in found.values() if one.bucket == bucket) for bucket in BUCKETS]

    assert sum(one.products for one in sums) == len(stock.keys() | sold.keys())
    assert sum(one.qty for one in sums) == sum(qty for qty, _ in stock.values())
    assert sum(one.amount for one in sums) == sum(amount for _, amount in stock.values())
    assert sum(one.sold_amount for one in sums) == sum(amount for _, amount in sold.values())
