"""Cells of reports: what a stored whole number is to the outside world, digit for digit."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from onecgw.demo.books import Books
from onecgw.demo.report_definition import CATALOGUE_STEP, MONEY_PLACES, Dimension, Measure
from onecgw.demo.simulation.calendar import date_of
from onecgw.demo.simulation.catalogue_entries import CatalogueName

Cell = dict[str, str] | str | Decimal | int | None
# Values from SQLite are untyped; each formatter knows the type of its column.
Formatter = Callable[[Any], Cell]

# The kinds of analytics, as the contract names them.
_KINDS: Final[dict[CatalogueName, str]] = {
    "partners": "customer",
    "cost_articles": "cost_article",
    "cash": "cash",
}


def dimension_formatter(dimension: Dimension, books: Books) -> Formatter:
    """Return the function that turns the values of a dimension into cells."""
    catalogues = [books.catalogues[name] for name in dimension.catalogues]
    if dimension.kind == "date":
        return lambda day: day if isinstance(day, str) else date_of(day).isoformat()
    if not catalogues:
        return lambda value: value
    if len(catalogues) == 1:
        return lambda value: None if value is None else catalogues[0].by_id(value).cell
    kinds = [_KINDS[name] for name in dimension.catalogues]

    def reference_with_kind(value: int) -> Cell:
        place, item_id = divmod(value, CATALOGUE_STEP)
        return {**catalogues[place].by_id(item_id).cell, "kind": kinds[place]}

    return reference_with_kind


def measure_formatter(measure: Measure) -> Formatter:
    """Return the function that turns the sums of a measure into numbers.

    A ratio without a denominator has no value.

    Money keeps its kopecks; quantities are mostly whole, and 5.000 reads badly.
    """
    keeps_zeros = measure.places == MONEY_PLACES
    unit = Decimal(1).scaleb(-measure.places)

    def number(value: int | None) -> Cell:
        if value is None and measure.is_ratio:
            return None
        exact = (value or 0) * unit
        return exact if keeps_zeros or exact % 1 else int(exact)

    return number
