"""Cells of reports: what a stored whole number is to the outside world, digit for digit."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from onecgw.demo.books import Books
from onecgw.demo.ledger.catalogues import CatalogueName
from onecgw.demo.report import ID_BITS, Dimension, Measure

Cell = dict[str, str] | str | Decimal | int | None
# Stored values come out of SQLite untyped; a maker knows what its column holds.
Maker = Callable[[Any], Cell]

_MONEY_PLACES: Final = 2
# A product with it has the same digits as a shifted number, in a fifth of the time.
_CENT: Final = Decimal("0.01")
# The kinds of analytics, as the contract names them.
_KINDS: Final[dict[CatalogueName, str]] = {
    "partners": "customer",
    "cost_articles": "cost_article",
    "cash": "cash",
}


def dimension_maker(dimension: Dimension, books: Books) -> Maker:
    """What turns the values of a dimension into cells."""
    catalogues = [books.catalogues[name] for name in dimension.catalogues]
    if dimension.kind == "date":
        return books.calendar[dimension.name].__getitem__
    if not catalogues:
        return dimension.texts.__getitem__
    if len(catalogues) == 1:
        cells = [None, *(item.cell for item in catalogues[0].items)]
        return cells.__getitem__
    kinds = [_KINDS[name] for name in dimension.catalogues]

    def reference_with_kind(value: int) -> Cell:
        place, item_id = divmod(value, 1 << ID_BITS)
        return {**catalogues[place].by_id(item_id).cell, "kind": kinds[place]}

    return reference_with_kind


def measure_maker(measure: Measure) -> Maker:
    """What turns the sums of a measure into numbers; there is no ratio of nothing."""
    places = measure.places
    nothing = None if measure.is_ratio else _scaled(0, places)
    if places == 0:
        return lambda value: nothing if value is None else value
    if places == _MONEY_PLACES:
        return lambda value: nothing if value is None else value * _CENT
    return lambda value: nothing if value is None else _scaled(value, places)


def _scaled(value: int, places: int) -> Cell:
    """Money keeps its kopecks; quantities are mostly whole, and 5.000 reads badly."""
    whole, rest = divmod(value, 10**places)
    return value * Decimal(1).scaleb(-places) if rest or places == _MONEY_PLACES else whole
