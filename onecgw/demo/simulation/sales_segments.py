"""The streams of sales: which firm sells to whom, through which channel, from where."""

from typing import Final

import attrs

from onecgw.demo.simulation.catalogue_entries import Product

UKRAINIAN, POLISH = "UAH", "PLN"
MAIN_WAREHOUSE, SHOP = "Центральний склад", "Магазин «Річковий»"
SOUTH, RESERVE = "Южный склад", "Резервний склад"
POLISH_MAIN, POLISH_SHOP = "Magazyn główny", "Sklep firmowy"

# Shops buy nothing: they are filled up from a warehouse of their firm.
FILLED_FROM: Final = {SHOP: MAIN_WAREHOUSE, POLISH_SHOP: POLISH_MAIN}
# Which part of the products a warehouse keeps; a shop, of those of its warehouse. Shops come last.
ASSORTMENT: Final = {
    MAIN_WAREHOUSE: 0.75,
    SOUTH: 0.35,
    RESERVE: 0.12,
    POLISH_MAIN: 0.40,
    SHOP: 0.45,
    POLISH_SHOP: 0.50,
}

# Quantities of a line, drawn evenly: units in retail, packs in wholesale.
RETAIL_UNITS: Final = (1, 1, 1, 2, 3)
WHOLESALE_PACKS: Final = (0.5, 1, 1, 1, 1.5, 2)
WHOLESALE_DISCOUNTS_PERCENT: Final = (0, 1, 2, 3, 5)


@attrs.frozen
class Segment:
    """A stream of sales: one channel of one firm.

    firm: by its currency.
    share: of all sales documents.
    warehouses: with their weights.
    customers: the folders its customers are in; none means the anonymous buyer.
    lines: how many lines a document has, drawn evenly.
    """

    firm: str
    folder: str
    channel: str
    share: float
    warehouses: tuple[tuple[str, int], ...]
    customers: tuple[str, ...]
    lines: tuple[int, ...]

    @property
    def wholesale(self) -> bool:
        """Whether it sells by the pack, with discounts, on credit, on workdays."""
        return self.folder == "B2B"

    def likelihood(self, product: Product) -> float:
        """How likely a line is about this product: dear things are bought less often."""
        return product.popularity / (product.unit_price * self._mean_units(product))

    def mean_qty(self, product: Product) -> float:
        """The average quantity of a line, thousandths of a unit."""
        return self._mean_units(product) * 1000

    def _mean_units(self, product: Product) -> float:
        if self.wholesale:
            return product.pack * sum(WHOLESALE_PACKS) / len(WHOLESALE_PACKS)
        return product.step / 1000 * sum(RETAIL_UNITS) / len(RETAIL_UNITS)


_TRADERS: Final = ("Дилери", "Будівельні магазини", "Монтажные организации")
_BUYERS: Final = ("Дилери", "Корпоративні клієнти", "Монтажные организации")
_POLES: Final = ("Hurt Polska", "Instalatorzy")
_REGULARS: Final = ("Інтернет-покупці", "Магазинні покупці", "Постоянные покупатели")
_BULK, _FEW = (1, 1, 2, 2, 3, 3), (1, 1, 1, 1, 2)

# Marketplace has no sales on purpose: a channel that was opened and stands empty.
SEGMENTS: Final = (
    Segment(UKRAINIAN, "B2B", "Опт", 0.20, ((MAIN_WAREHOUSE, 3), (SOUTH, 2)), _TRADERS, _BULK),
    Segment(UKRAINIAN, "B2B", "Online", 0.10, ((MAIN_WAREHOUSE, 1),), _BUYERS, _BULK),
    Segment(UKRAINIAN, "B2B", "Тендеры", 0.05, ((RESERVE, 1),), ("Тендерные заказчики",), _BULK),
    Segment(POLISH, "B2B", "Опт", 0.08, ((POLISH_MAIN, 1),), _POLES, _BULK),
    Segment(POLISH, "B2B", "Online", 0.03, ((POLISH_MAIN, 1),), _POLES, _BULK),
    Segment(UKRAINIAN, "B2C", "Offline", 0.27, ((SHOP, 1),), (), _FEW),
    Segment(UKRAINIAN, "B2C", "Online", 0.15, ((MAIN_WAREHOUSE, 2), (SHOP, 1)), _REGULARS, _FEW),
    Segment(POLISH, "B2C", "Offline", 0.07, ((POLISH_SHOP, 1),), ("Detal Polska",), _FEW),
    Segment(POLISH, "B2C", "Online", 0.05, ((POLISH_MAIN, 1),), ("Sklep internetowy",), _FEW),
)
