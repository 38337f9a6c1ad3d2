"""What a report of the demo 1C is made of: dimensions, measures, filters and where they come from.

In the SQL of a declaration words in lower case are columns, all others are in upper case.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import attrs

from onecgw.demo.ledger.catalogues import CatalogueName

# Analytics are ids of several catalogues: an id has fewer bits than this, its kind stands above.
ID_BITS: Final = 19
KIND_BITS: Final = 2
_COLUMN: Final = re.compile(r"[a-z_]+")
_OF_PRODUCTS: Final = frozenset({"product", "product_group"})
_BY_DAY: Final = ("day", "week", "month")
_BY_PRODUCT: Final = ("product", "customer")
# From this part of all days on, sorting the lines costs more than reading those of other days.
_LONG: Final = 0.25


@attrs.frozen(kw_only=True)
class Dimension:
    """What rows can be grouped by.

    column: SQL: a whole number from 0 in the order in which reports sort: an id, the number of a
        day, week or month in the calendar, the place of a text in `texts`.
    catalogues: what the id refers to. Several stand for analytics: then the bits above ID_BITS are
        the place of the catalogue among them, so that a sort is by kind and then by label.
    texts: what a string dimension can say.
    given_by: the dimension that determines this one: with it, this one makes no more groups.
    of_folders: the ids are those of folders, which are few.
    """

    name: str
    column: str
    kind: Literal["ref", "date", "string"] = "ref"
    catalogues: tuple[CatalogueName, ...] = ()
    texts: tuple[str, ...] = ()
    given_by: str | None = None
    of_folders: bool = False


@attrs.frozen(kw_only=True)
class Measure:
    """What is summed.

    sql: a whole number of the smallest unit; {customers} and the like stand for Report.counts.
    places: digits after the decimal point: 2 for money, 3 for quantities, 0 for counts.
    scope: what the caller needs to see it, besides the report's own scope.
    is_ratio: has no value where there is nothing to divide by.
    """

    name: str
    sql: str
    places: int
    scope: str | None = None
    is_ratio: bool = False


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
class Report:
    """One report.

    source: what stands after FROM; it may use :day_from and :day_to (a period, in numbers of the
        calendar), :month and :day (a balance) and :cohort_from.
    line_source: stands there instead when products are asked for; it has their columns.
    product_source: the same lines, those of a product together; for long periods without dates.
    where: a condition that always holds.
    having: what a row needs to be shown; a balance of nothing is not.
    warehouse_column: by which restricted warehouses are hidden; None where it has none.
    always_by: dimensions that are added to every grouping.
    counts: how things are counted that are not additive, by the dimension that is grouped by; ""
        is any other grouping, and the totals.
    """

    name: str
    path: str
    scope: str
    dated: Literal["period", "date"]
    source: str
    line_source: str | None = None
    product_source: str | None = None
    where: str = "TRUE"
    having: str = "TRUE"
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    filters: tuple[Filter, ...]
    default_group_by: tuple[str, ...]
    default_measures: tuple[str, ...]
    warehouse_column: str | None = None
    cohort_column: str | None = None
    always_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    counts: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    def sums(self, measure: str, group_by: Sequence[str]) -> str:
        """The SQL of a measure for a grouping."""
        counts = {
            name: next(sql for dimension, sql in ways.items() if dimension in ("", *group_by))
            for name, ways in self.counts.items()
        }
        return self.measure[measure].sql.format(**counts)

    def source_for(self, group_by: Sequence[str], *, of_all_days: float) -> str:
        """What to read for a grouping of a part of all days."""
        if self.line_source is None or _OF_PRODUCTS.isdisjoint(group_by):
            return self.source
        if (
            self.product_source is None
            or of_all_days < _LONG
            or not set(_BY_DAY).isdisjoint(group_by)
        ):
            return self.line_source
        return self.product_source

    def cluster_of(self, source: str) -> tuple[str, ...]:
        """The dimensions by which the lines of a source stand together, but for the days."""
        return _BY_PRODUCT if source == self.product_source else ()

    @property
    def dimension(self) -> Mapping[str, Dimension]:
        """Dimensions by name."""
        return {dimension.name: dimension for dimension in self.dimensions}

    @property
    def measure(self) -> Mapping[str, Measure]:
        """Measures by name."""
        return {measure.name: measure for measure in self.measures}


def columns_of(*expressions: str) -> list[str]:
    """The columns that some SQL of a declaration names, each once."""
    return list(dict.fromkeys(_COLUMN.findall(" ".join(expressions))))
