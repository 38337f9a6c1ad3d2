"""Stock beside sales: what does not sell, what runs out, what is sold out, what is negative."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, get_args

import attrs

from onecgw.analysis.decimals import EXACT, exact_sum
from onecgw.analysis.figure_table import ZERO

LOW_DAYS: Final = 7  # days of cover below which a product is about to run out

Bucket = Literal["no_sale", "low", "enough", "out_of_stock", "negative", "no_quantity"]
BUCKETS: Final[tuple[Bucket, ...]] = get_args(Bucket)


@attrs.frozen(kw_only=True)
class ProductStock:
    """One product: its stock on a day, and its sales of the days up to it.

    qty, amount: the stock and its cost without VAT; they may be negative.
    sold_qty, sold_amount: sales less returns, amount incl. VAT.
    days: the number of days of the sales.
    """

    qty: Decimal
    amount: Decimal
    sold_qty: Decimal
    sold_amount: Decimal
    days: int

    @property
    def daily_sales(self) -> Fraction:
        """The quantity sold per day."""
        return Fraction(self.sold_qty) / self.days

    @property
    def cover_days(self) -> Fraction | None:
        """How many days the stock lasts; None if nothing was sold or nothing is there."""
        if self.sold_qty <= 0 or self.qty <= 0:
            return None
        return Fraction(self.qty) / self.daily_sales

    @property
    def bucket(self) -> Bucket:
        """The one bucket that the product is in."""
        if self.qty < 0:
            return "negative"
        if self.qty == 0:
            return "out_of_stock" if self.sold_qty > 0 else "no_quantity"
        if self.cover_days is None:
            return "no_sale"
        return "low" if self.cover_days < LOW_DAYS else "enough"


@attrs.frozen(kw_only=True)
class StockSum:
    """Several products together."""

    products: int
    qty: Decimal
    amount: Decimal
    sold_amount: Decimal


def cover_of(
    stock: Mapping[str, tuple[Decimal, Decimal]],
    sold: Mapping[str, tuple[Decimal, Decimal]],
    *,
    days: int,
) -> dict[str, ProductStock]:
    """Every product that is in stock or was sold.

    Args:
        stock: quantity and cost by product.
        sold: quantity and amount by product.
        days: the number of days of the sales, from 1.
    """
    nothing = (ZERO, ZERO)
    found = {}
    for product in sorted(stock.keys() | sold.keys()):
        (qty, amount), (sold_qty, sold_amount) = (
            stock.get(product, nothing),
            sold.get(product, nothing),
        )
        found[product] = ProductStock(
            qty=qty, amount=amount, sold_qty=sold_qty, sold_amount=sold_amount, days=days
        )
    return found


def add_stock(products: Iterable[ProductStock]) -> StockSum:
    """The sum of products."""
    parts = list(products)
    return StockSum(
        products=len(parts),
        qty=exact_sum(part.qty for part in parts),
        amount=exact_sum(part.amount for part in parts),
        sold_amount=exact_sum(part.sold_amount for part in parts),
    )


def urgency(product: ProductStock) -> tuple[Decimal | Fraction, ...]:
    """The order inside a bucket: the least cover first; else the most money, then quantity."""
    cover = product.cover_days
    if cover is not None:
        return (cover, -product.sold_amount)
    if product.bucket == "out_of_stock":
        return (-product.sold_amount,)
    return (-EXACT.abs(product.amount), -EXACT.abs(product.qty))
