"""Stock by product and warehouse, valued at the moving average to the kopeck."""

import attrs

from onecgw.demo.simulation.catalogue_entries import Product, Warehouse
from onecgw.demo.simulation.rounding import divide


@attrs.define(kw_only=True, eq=False)
class StockItem:
    """One product in one warehouse.

    qty: thousandths of a unit; below zero when more was sold than there was.
    cost: what that quantity cost without VAT, kopecks of the base currency.
    unit_price: the purchase price of a unit without VAT, hundredths of the firm's currency.
    rate: kopecks of the base currency for a hundredth of the firm's currency.
    source: the item that replenishes it; None is replenished by the supplier.
    daily_qty: what leaves it on an average day, thousandths of a unit.
    """

    product: Product
    warehouse: Warehouse
    unit_price: int
    rate: int
    source: "StockItem | None" = None
    daily_qty: float = 0.0
    qty: int = 0
    cost: int = 0

    def sale_price(self, vat_percent: int, discount_percent: int) -> int:
        """The price of a unit incl. VAT: the purchase price with the product's margin on it."""
        with_margin = self.unit_price * 100 / (100 - self.product.margin_percent)
        return round(with_margin * (100 - discount_percent) * (100 + vat_percent) / 10_000)

    def target_qty(self, cover_days: float) -> int:
        """What so many average days sell, at least one step, thousandths of a unit."""
        step = self.product.step
        return max(step, round(self.daily_qty * cover_days / step) * step)

    def receive(self, qty: int, cost: int) -> None:
        """Goods come in at what they cost."""
        self.qty += qty
        self.cost += cost

    def issue(self, qty: int) -> int:
        """Goods go out; returns their cost at the moving average.

        The last unit takes the whole remaining value with it, so that nothing is ever left on an
        empty item. What exceeds the stock is valued at the purchase price.
        """
        if qty == self.qty:
            cost = self.cost
        elif qty < self.qty:
            cost = divide(self.cost * qty, self.qty)
        else:
            missing = qty - max(self.qty, 0)
            cost = max(self.cost, 0) + divide(missing * self.unit_price * self.rate, 1000)
        self.qty -= qty
        self.cost -= cost
        return cost


@attrs.define
class StockLedger:
    """All stock items, by warehouse and product."""

    items: dict[tuple[int, int], StockItem] = attrs.field(factory=dict)

    @property
    def cost(self) -> int:
        """The cost of the whole stock, kopecks."""
        return sum(item.cost for item in self.items.values())

    def in_warehouse(self, warehouse: int) -> dict[int, StockItem]:
        """The items of a warehouse, by product."""
        return {
            item.product.id: item for item in self.items.values() if item.warehouse.id == warehouse
        }
