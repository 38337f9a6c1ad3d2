"""What a report of the demo 1C is made of: dimensions, measures, filters and their SQL."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from onecgw.demo.simulation.catalogue_entries import CatalogueName

# Analytics are references to several catalogues. As a number such a reference is the id plus this
# step times the place of its catalogue, so that it sorts by catalogue and then by label.
CATALOGUE_STEP: Final = 1_000_000
MONEY_PLACES: Final = 2


@attrs.frozen(kw_only=True)
class Dimension:
    """What rows can be grouped by.

    column: SQL; it sorts as the report sorts: an id (ids follow labels), a date (ISO
        text or Julian day number), or a text.
    catalogues: what an id refers to. Several stand for analytics, see CATALOGUE_STEP.
    """

    name: str
    column: str
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

    branches: a folder's id is allowed and means everything below it.
    either: filters with the same mark are joined by OR; the others by AND.
    """

    name: str
    column: str
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

    source, where: what stands after FROM and WHERE. Parameters: :first and :last (the days of a
        period; for a balance both are its day), :first_number and :after_number (the Julian day
        numbers of the first day and of the day after the last) and :cohort_from.
    source_by: what stands after FROM instead when rows are grouped by a dimension, by its name.
    having: what a row needs to be shown; a balance of nothing is not.
    warehouse_column: by which restricted warehouses are hidden; None where it has none.
    always_by: dimensions that are added to every grouping with a measure in its own currency.
    """

    name: str
    path: str
    scope: str
    dated: Literal["period", "date"]
    source: str
    source_by: Mapping[str, str] = attrs.field(factory=dict)
    where: str
    having: str = "TRUE"
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    filters: tuple[Filter, ...]
    choices: tuple[Choice, ...] = ()
    default_group_by: tuple[str, ...]
    default_measures: tuple[str, ...]
    warehouse_column: str | None = None
    always_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def dimension(self) -> Mapping[str, Dimension]:
        """Dimensions by name."""
        return {dimension.name: dimension for dimension in self.dimensions}

    @property
    def measure(self) -> Mapping[str, Measure]:
        """Measures by name."""
        return {measure.name: measure for measure in self.measures}
