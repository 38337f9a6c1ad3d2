"""What a configuration publishes: fields, entity sets, registers and their virtual tables."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal, get_args

import attrs
import msgspec

from onecgw.demo.odata.errors import no_entity_type

ColumnKind = Literal["guid", "composite", "text", "number", "int64", "bool", "date"]
# Which rows a virtual table counts: those before, up to or from Period, from StartPeriod to
# EndPeriod, or all up to EndPeriod.
PeriodKind = Literal["before", "until", "from", "between", "to_end"]
# Within a day documents stand in this order.
DocumentKind = Literal[
    "opening", "purchase", "purchase_return", "transfer", "sale", "sale_return", "cash_in",
    "cash_out", "cash_transfer",
]  # fmt: skip
DOCUMENT_KINDS: Final[Mapping[str, int]] = {
    name: number for number, name in enumerate(get_args(DocumentKind), start=1)
}

EDM_TYPES: Final[Mapping[ColumnKind, str]] = {
    "guid": "Edm.Guid",
    "composite": "Edm.String",
    "text": "Edm.String",
    "number": "Edm.Double",
    "int64": "Edm.Int64",
    "bool": "Edm.Boolean",
    "date": "Edm.DateTime",
}
ZERO_GUID: Final = "00000000-0000-0000-0000-000000000000"
EMPTY_DATE: Final = "0001-01-01T00:00:00"
NAMESPACE: Final = "StandardODATA."


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is read from the YAML of a configuration; an unknown key is an error."""


@attrs.frozen(kw_only=True)
class ODataColumn:
    """A property of an entity or of a row.

    sql: its value; numbers are whole numbers of the last of `places` decimal digits.
    type_sql: of a composite: the name of its type with the namespace.
    targets: the sets that a reference can lead to.
    base: the name of the dimension, attribute or resource that it comes from.
    """

    name: str
    kind: ColumnKind
    sql: str
    type_sql: str = ""
    places: int = 0
    targets: tuple[str, ...] = ()
    base: str = ""


@attrs.frozen(kw_only=True)
class ODataField(ODataColumn):
    """A dimension, attribute or resource as the configuration declares it.

    raw: the columns of the source that a virtual table groups by.
    """

    raw: tuple[str, ...] = ()

    def columns(self) -> tuple[ODataColumn, ...]:
        """Return its properties: `_Key` for a reference, a pair with `_Type` for a composite."""
        name = f"{self.name}_Key" if self.targets and self.kind == "guid" else self.name
        found = attrs.evolve(self, name=name, base=self.name)
        if self.kind != "composite":
            return (found,)
        return (
            found,
            ODataColumn(name=f"{name}_Type", kind="text", sql=self.type_sql, base=self.name),
        )


@attrs.frozen(kw_only=True)
class EntitySet:
    """A set that can be listed.

    owner: the metadata object that is published: the catalogue of a tabular part, the register of
        its `_RecordType`; by default the set itself.
    source: what stands after FROM in the statement that its columns are taken from.
    stored: whether it becomes a table with an index on its key, or a view.
    parts: the collections in an entity: name → set.
    title: the name that a document's presentation begins with.
    """

    name: str
    columns: tuple[ODataColumn, ...]
    source: str
    owner: str = attrs.field(default=attrs.Factory(lambda self: self.name, takes_self=True))
    keys: tuple[str, ...] = ("Ref_Key",)
    stored: bool = False
    parts: Mapping[str, str] = attrs.field(factory=dict)
    title: str = ""

    @property
    def presentation(self) -> str:
        """SQL of what 1C shows for an entity, over its columns."""
        if not self.title:
            return '"Description"'
        day = (
            """substr("Date", 9, 2) || '.' || substr("Date", 6, 2) || '.' || substr("Date", 1, 4)"""
        )
        return f"""'{self.title} ' || "Number" || ' от ' || {day} || ' ' || substr("Date", 12)"""


@attrs.frozen(kw_only=True)
class VirtualTable:
    """A function of a register.

    owner: the register, to whose entity type the function is bound.
    result: the name of the type of its rows.
    parameters: argument → the names of fields that it may use; None for a date or a list.
    dimensions: what rows are grouped by. Without `sums` rows are not grouped.
    only: SQL of the rows of a slice, over those of the period.
    accounts: argument → the column of the source that its condition on accounts is about.
    fixed: dimensions that stay when the argument Dimensions does not name them.
    """

    function: str
    owner: str
    result: str
    source: str
    parameters: Mapping[str, tuple[str, ...] | None]
    period: PeriodKind
    dimensions: tuple[ODataField, ...]
    fixed: frozenset[str] = frozenset()
    sums: tuple[ODataColumn, ...] = ()
    only: str = "TRUE"
    accounts: Mapping[str, str] = attrs.field(factory=dict)

    def columns(self) -> tuple[ODataColumn, ...]:
        """Return the properties of a row with all dimensions."""
        return (*(column for one in self.dimensions for column in one.columns()), *self.sums)


@attrs.frozen(kw_only=True)
class Schema:
    """Everything that a base publishes.

    enumerations: name → members.
    """

    sets: Mapping[str, EntitySet]
    tables: Mapping[tuple[str, str], VirtualTable]
    enumerations: Mapping[str, tuple[str, ...]]

    def entity_set(self, name: str) -> EntitySet:
        """Return a set by its name.

        Raises:
            ODataError: code 8.
        """
        if name not in self.sets:
            raise no_entity_type(name)
        return self.sets[name]

    def objects(self) -> frozenset[str]:
        """Return the names of the metadata objects, as a composition lists them."""
        return frozenset(one.owner for one in self.sets.values())

    def reduced(
        self,
        *,
        composition: Collection[str] | None = None,
        unpublished: Collection[str] = (),
        missing_fields: Collection[str] = (),
    ) -> "Schema":
        """Return what is left of it.

        Args:
            composition: the objects that are published; None is all.
            unpublished: objects that are taken out of them.
            missing_fields: names of fields that the configuration lacks, everywhere, or in one
                object: `Catalog_Номенклатура.Артикул`.
        """

        def is_published(owner: str) -> bool:
            return owner not in unpublished and (composition is None or owner in composition)

        def kept(owner: str, columns: Iterable[ODataColumn]) -> tuple[ODataColumn, ...]:
            named = ((column, column.base or column.name) for column in columns)
            return tuple(
                column
                for column, name in named
                if name not in missing_fields and f"{owner}.{name}" not in missing_fields
            )

        return attrs.evolve(
            self,
            sets={
                name: attrs.evolve(one, columns=kept(one.owner, one.columns))
                for name, one in self.sets.items()
                if is_published(one.owner)
            },
            tables={
                key: attrs.evolve(
                    one,
                    sums=kept(one.owner, one.sums),
                    dimensions=tuple(
                        field for field in one.dimensions if kept(one.owner, field.columns())
                    ),
                )
                for key, one in self.tables.items()
                if is_published(one.owner)
            },
        )


def schema_of(
    *,
    sets: Iterable[EntitySet],
    tables: Iterable[VirtualTable],
    enumerations: Mapping[str, tuple[str, ...]],
) -> Schema:
    """Index what a configuration declares, and give owners their tabular parts."""
    by_name = {one.name: one for one in sets}
    for name, one in by_name.items():
        prefix = f"{name}_"
        parts = {
            other.removeprefix(prefix): other
            for other in by_name
            if other.startswith(prefix) and by_name[other].owner == name
        }
        named = {("RecordSet" if short == "RecordType" else short): whole
                 for short, whole in parts.items()}  # fmt: skip
        by_name[name] = attrs.evolve(one, parts=named)
    return Schema(
        sets=by_name,
        tables={(one.owner, one.function): one for one in tables},
        enumerations=enumerations,
    )
