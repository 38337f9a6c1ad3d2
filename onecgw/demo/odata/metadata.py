"""$metadata: the types, sets and functions of a schema as EDMX."""

from collections.abc import Iterable, Iterator
from typing import Final
from xml.sax.saxutils import escape

from onecgw.demo.odata.errors import METADATA_NAMESPACE
from onecgw.demo.odata.model import (
    EDM_TYPES,
    NAMESPACE,
    EntitySet,
    ODataColumn,
    Schema,
    VirtualTable,
)

_EDMX: Final = "http://schemas.microsoft.com/ado/2007/06/edmx"
_EDM: Final = "http://schemas.microsoft.com/ado/2009/11/edm"
_DATES: Final = frozenset({"Period", "StartPeriod", "EndPeriod"})


def metadata(schema: Schema) -> bytes:
    """Return the document."""
    return "\n".join(_lines(schema)).encode()


def _lines(schema: Schema) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<edmx:Edmx xmlns:edmx="{_EDMX}" Version="1.0">'
    yield (
        f'<edmx:DataServices xmlns:m="{METADATA_NAMESPACE}" m:DataServiceVersion="3.0" '
        'm:MaxDataServiceVersion="3.0">'
    )
    yield f'<Schema xmlns="{_EDM}" Namespace="StandardODATA">'
    for one in schema.sets.values():
        yield from _entity_type(one, schema)
    for name, columns in _rows(schema).items():
        yield f'<ComplexType Name="{name}">'
        yield from (_property(column, ()) for column in columns)
        yield "</ComplexType>"
    for name, members in schema.enumerations.items():
        yield f'<EnumType Name="{name}" UnderlyingType="Edm.Int32">'
        yield from (f'<Member Name="{member}"/>' for member in dict.fromkeys(members))
        yield "</EnumType>"
    for one in schema.sets.values():
        for column in _references(one, schema):
            yield f'<Association Name="{one.name}_{column.base}">'
            yield f'<End Role="Begin" Type="{NAMESPACE}{one.name}" Multiplicity="*"/>'
            yield f'<End Role="End" Type="{NAMESPACE}{column.targets[0]}" Multiplicity="0..1"/>'
            yield "</Association>"
    yield '<EntityContainer Name="EnterpriseV8" m:IsDefaultEntityContainer="true">'
    for name in schema.sets:
        yield f'<EntitySet Name="{name}" EntityType="{NAMESPACE}{name}"/>'
    for table in schema.tables.values():
        yield from _function(table)
    yield "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"


def _rows(schema: Schema) -> dict[str, tuple[ODataColumn, ...]]:
    """The types that are no entities: rows of record sets and of virtual tables."""
    return {
        _row_type(part): schema.sets[part].columns
        for one in schema.sets.values()
        for part in one.parts.values()
        if part in schema.sets
    } | {
        table.result: table.columns()
        for table in schema.tables.values()
        if table.result not in schema.sets
    }


def _row_type(part: str) -> str:
    return f"{part.removesuffix('_RecordType')}_RowType"


def _entity_type(one: EntitySet, schema: Schema) -> Iterator[str]:
    yield f'<EntityType Name="{one.name}" OpenType="true">'
    keys = "".join(f'<PropertyRef Name="{key}"/>' for key in one.keys)
    yield f"<Key>{keys}</Key>"
    yield from (_property(column, one.keys) for column in one.columns)
    for name, part in one.parts.items():
        if part in schema.sets:
            rows = f"Collection({NAMESPACE}{_row_type(part)})"
            yield f'<Property Name="{name}" Type="{rows}" Nullable="false"/>'
    for column in _references(one, schema):
        yield (
            f'<NavigationProperty Name="{column.base}" '
            f'Relationship="{NAMESPACE}{one.name}_{column.base}" FromRole="Begin" ToRole="End"/>'
        )
    yield "</EntityType>"


def _property(column: ODataColumn, keys: Iterable[str]) -> str:
    nullable = "false" if column.name in keys else "true"
    edm = EDM_TYPES[column.kind]
    return f'<Property Name="{escape(column.name)}" Type="{edm}" Nullable="{nullable}"/>'


def _references(one: EntitySet, schema: Schema) -> Iterator[ODataColumn]:
    """Fields of one reference type that lead to what is published."""
    for column in one.columns:
        if column.kind == "guid" and column.targets and column.targets[0] in schema.sets:
            yield column


def _function(table: VirtualTable) -> Iterator[str]:
    yield (
        f'<FunctionImport Name="{table.function}" IsBindable="true" IsSideEffecting="false" '
        f'ReturnType="Collection({NAMESPACE}{table.result})">'
    )
    yield f'<Parameter Name="bindingParameter" Type="{NAMESPACE}{table.owner}"/>'
    for name in sorted(table.parameters):
        edm = "Edm.DateTime" if name in _DATES else "Edm.Int32" if name == "Top" else "Edm.String"
        yield f'<Parameter Name="{name}" Type="{edm}"/>'
    yield "</FunctionImport>"
