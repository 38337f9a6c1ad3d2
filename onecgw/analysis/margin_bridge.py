"""Why profit changed: the effects of price, unit cost, volume and mix, by product or group."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

import attrs

from onecgw.analysis.decimals import EXACT, MONEY_PLACES, exact_sum, rounded

EFFECTS: Final = ("price", "unit_cost", "volume", "mix")


@attrs.frozen(kw_only=True)
class Sold:
    """What was sold of one product in one period. revenue: without VAT."""

    qty: Decimal
    revenue: Decimal
    cost: Decimal

    @property
    def profit(self) -> Decimal:
        """Revenue without VAT less cost."""
        return EXACT.subtract(self.revenue, self.cost)


NOTHING: Final = Sold(qty=Decimal(0), revenue=Decimal(0), cost=Decimal(0))


@attrs.frozen(kw_only=True)
class ProfitChange:
    """The change of the profit of one product, or of all. effects: they add up to `change`."""

    before: Decimal
    now: Decimal
    effects: Mapping[str, Decimal]

    @property
    def change(self) -> Decimal:
        """By how much the profit changed."""
        return EXACT.subtract(self.now, self.before)


def bridge(now: Mapping[str, Sold], before: Mapping[str, Sold]) -> dict[str, ProfitChange]:
    """The change of profit of each product, split into effects that add up to it.

    Of a product that was sold in both periods:
    price = revenue now − revenue before × quantity now / quantity before;
    unit_cost = cost before × quantity now / quantity before − cost now;
    volume = profit before × the growth of the quantity of all products together;
    mix = the rest: the product's own growth in quantity against that of all.
    A product without a quantity above zero in both periods has no price to compare: only volume
    and mix. volume, price and unit_cost are rounded to kopecks; mix takes the difference.
    """
    growth = _growth(now.values(), before.values())
    return {
        product: _change(now.get(product, NOTHING), before.get(product, NOTHING), growth)
        for product in before.keys() | now.keys()
    }


def add_changes(changes: Iterable[ProfitChange]) -> ProfitChange:
    """The sum of changes, effect by effect."""
    parts = list(changes)
    return ProfitChange(
        before=exact_sum(one.before for one in parts),
        now=exact_sum(one.now for one in parts),
        effects={name: exact_sum(one.effects[name] for one in parts) for name in EFFECTS},
    )


def _growth(now: Iterable[Sold], before: Iterable[Sold]) -> Fraction:
    """The growth of the whole quantity as a part of it; 0 if nothing was sold before."""
    later, earlier = (Fraction(exact_sum(one.qty for one in side)) for side in (now, before))
    return (later - earlier) / earlier if earlier > 0 else Fraction(0)


def _change(now: Sold, before: Sold, growth: Fraction) -> ProfitChange:
    volume = rounded(Fraction(before.profit) * growth, MONEY_PLACES)
    price = unit_cost = Decimal(0)
    if now.qty > 0 and before.qty > 0:
        scale = Fraction(now.qty) / Fraction(before.qty)
        price = rounded(Fraction(now.revenue) - Fraction(before.revenue) * scale, MONEY_PLACES)
        unit_cost = rounded(Fraction(before.cost) * scale - Fraction(now.cost), MONEY_PLACES)
    change = EXACT.subtract(now.profit, before.profit)
    mix = EXACT.subtract(change, exact_sum((price, unit_cost, volume)))
    return ProfitChange(
        before=before.profit,
        now=now.profit,
        effects={"price": price, "unit_cost": unit_cost, "volume": volume, "mix": mix},
    )
