"""What a report of the demo 1C is made of: dimensions, measures, filters and their SQL."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from onecgw.demo.simulation.catalogue_entries import CatalogueName

# Analytics are references to several catalogues. As a number such a reference is the id plus this
# step times the place of its catalogue, so that it sorts by catalogue and then by label.
CATALOGUE_STEP: Final = 1_000_000
MONEY_PLACES: Final = 2
CURRENCY: Final = "currency"
_DAYS: Final = {"period": "day BETWEEN :first AND :last", "date": "day <= :last"}


@attrs.frozen
class Dimension:
    """What rows can be grouped by.

    column: SQL, by default the column of the same name; it sorts as the report sorts: an id (ids
        follow labels), a date (ISO text or Julian day number), or a text.
    catalogues: what an id refers to. Several stand for analytics, see CATALOGUE_STEP.
    """

    name: str
    column: str = attrs.Factory(lambda self: self.name, takes_self=True)
    kind: Literal["ref", "date", "string"] = "ref"
    catalogues: tuple[CatalogueName, ...] = ()


@attrs.frozen(kw_only=True)
class Measure:
    """What is summed.

    sql: an aggregate: a whole number of the smallest unit.
    places: digits after the decimal point: 2 for money, 3 for quantities, 0 for counts.
    scope: what the caller needs to see it, besides the report's own scope.
    is_ratio: has no value where there is nothing to divide by. is_percent: it is no money.
    is_own_currency: it is in the currency of the row, so that rows are kept apart by currency.
    """

    name: str
    sql: str
    places: int
    scope: str | None = None
    is_ratio: bool = False
    is_percent: bool = False
    is_own_currency: bool = False

    @property
    def is_money(self) -> bool:
        """Whether it is in the base currency."""
        return self.places == MONEY_PLACES and not self.is_percent and not self.is_own_currency


@attrs.frozen(kw_only=True)
class Filter:
    """What rows can be restricted to.

    column: SQL, by default the column of the same name.
    branches: a folder's id is allowed and means everything below it.
    either: filters with the same mark are joined by OR; the others by AND.
    """

    name: str
    column: str = attrs.Factory(lambda self: self.name.removesuffix("_ids"), takes_self=True)
    catalogue: CatalogueName
    branches: bool = False
    either: str | None = None


@attrs.frozen(kw_only=True)
class Choice:
    """A filter that is one word out of a few. options: the word → the condition, in SQL."""

    name: str
    options: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Report:
    """One report.

    source, where: what stands after FROM and WHERE; by default the register of the path and the
        days of the report. Parameters: :first and :last (the days of a period; for a balance both
        are its day), :first_number and :after_number (the Julian day numbers of the first day and
        of the day after the last) and :cohort_from.
    having: what a row needs to be shown; a balance of nothing is not.
    """

    name: str
    path: str
    scope: str
    dated: Literal["period", "date"]
    source: str = attrs.Factory(lambda self: f"register_{self.path}", takes_self=True)
    where: str = attrs.Factory(lambda self: _DAYS[self.dated], takes_self=True)
    having: str = "TRUE"
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    filters: tuple[Filter, ...]
    choices: tuple[Choice, ...] = ()
    default_group_by: tuple[str, ...]
    default_measures: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def has_warehouses(self) -> bool:
        """Whether restricted warehouses have to be hidden, by the column `warehouse`."""
        return "warehouse" in self.dimension

    @property
    def always_by(self) -> tuple[str, ...]:
        """The dimensions that are added to every grouping with a measure in its own currency."""
        return (CURRENCY,) if any(one.is_own_currency for one in self.measures) else ()

    @property
    def dimension(self) -> Mapping[str, Dimension]:
        """Dimensions by name."""
        return {dimension.name: dimension for dimension in self.dimensions}

    @property
    def measure(self) -> Mapping[str, Measure]:
        """Measures by name."""
        return {measure.name: measure for measure in self.measures}
