"""The words that configurations are declared in: fields, catalogues, documents, registers."""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from onecgw.demo.odata.model import (
    DOCUMENT_KINDS,
    EMPTY_DATE,
    NAMESPACE,
    ZERO_GUID,
    ColumnKind,
    ODataColumn,
    ODataField,
)

# Documents, keys and contracts have no reference in the books: theirs is made of their number.
DOCUMENT: Final = "printf('%08x-0000-4000-8000-%012x', 53248 + doc_kind, doc)"
UNDEFINED: Final = f"'{NAMESPACE}Undefined'"


def numbered(kind: int, number: str) -> str:
    """SQL of the reference of something that has only a number; each kind has its own."""
    return f"printf('{kind:08x}-0000-4000-8000-%012x', {number})"


def of_catalogue(table: str, number: str) -> str:
    """SQL of the reference of an entry of the books; zero where there is none."""
    found = f"(SELECT uuid FROM {table} WHERE id = {number})"  # noqa: S608 - names of a configuration
    return f"COALESCE({found}, '{ZERO_GUID}')"


def _or_zero(number: str, sql: str) -> str:
    return f"CASE WHEN {number} IS NULL THEN '{ZERO_GUID}' ELSE {sql} END"


# A column of the movements, or a name → SQL of the reference.
REFERENCES: Final[Mapping[str, str]] = {
    "firm_id": of_catalogue("firms", "firm_id"),
    "warehouse_id": of_catalogue("warehouses", "warehouse_id"),
    "partner_id": of_catalogue("partners", "partner_id"),
    "product_id": of_catalogue("products", "product_id"),
    "group_id": of_catalogue("products", "group_id"),
    "seller_id": of_catalogue("sellers", "seller_id"),
    "cash_id": of_catalogue("cash", "cash_id"),
    "other_cash_id": of_catalogue("cash", "other_cash_id"),
    "article_id": of_catalogue("cost_articles", "article_id"),
    "operation_id": of_catalogue("operations", "operation_id"),
    "product_key": numbered(0xA001, "product_key"),
    "partner_key": _or_zero("partner_key", numbered(0xA002, "partner_key")),
    "contract": _or_zero("partner_key", numbered(0xA003, "partner_key")),
    "currency": "(SELECT uuid FROM currencies WHERE code = currency)",
    "currency_of_firm": "(SELECT currencies.uuid FROM firms "
    "JOIN currencies ON firms.currency = currencies.code WHERE firms.id = firm_id)",
    "currency_of_place": "(SELECT currencies.uuid FROM cash "
    "JOIN currencies ON cash.currency = currencies.code WHERE cash.id = cash_id)",
    "counterparty": numbered(0xA004, "partner_id"),
    "actual_scenario": "(SELECT uuid FROM scenarios WHERE is_actual)",
    # Of entries of catalogues.
    "uuid": "uuid",
    "parent_group": of_catalogue("products", "own.parent"),
    "key_product": of_catalogue("products", "key_product"),
    "key_warehouse": of_catalogue("warehouses", "key_warehouse"),
    "key_partner": of_catalogue("partners", "key_partner"),
    "key_firm": of_catalogue("firms", "key_firm"),
    "key_counterparty": numbered(0xA004, "key_partner"),
}
# What a virtual table groups by, where that is no column of this name.
_RAW: Final[Mapping[str, tuple[str, ...]]] = {
    "contract": ("partner_key",),
    "counterparty": ("partner_id",),
    "currency_of_firm": ("firm_id",),
    "currency_of_place": ("cash_id",),
    "actual_scenario": (),
}


def ref(name: str, target: str, column: str, sql: str = "") -> ODataField:
    """A field of one reference type, found by a column of the movements."""
    return ODataField(
        name=name,
        kind="guid",
        sql=sql or REFERENCES[column],
        raw=_RAW.get(column, (column,)) if column else (),
        targets=(target,),
    )


def empty(name: str, target: str) -> ODataField:
    """A field of one reference type that is never filled in."""
    return ODataField(name=name, kind="guid", sql=f"'{ZERO_GUID}'", targets=(target,))


def composite(name: str, target: str, column: str) -> ODataField:
    """A field of several types that always holds one."""
    return attrs.evolve(
        ref(name, target, column), kind="composite", type_sql=f"'{NAMESPACE}{target}'"
    )


def undefined(name: str) -> ODataField:
    """A field of several types that is never filled in: empty, of the type Undefined."""
    return ODataField(name=name, kind="composite", sql="''", type_sql=UNDEFINED)


def money_place(name: str, column: str, *catalogues: str) -> ODataField:
    """A composite field of desks and accounts, which stand in several catalogues."""
    place = f"(SELECT catalogue FROM places WHERE places.id = {column})"  # noqa: S608 - as above
    return ODataField(
        name=name,
        kind="composite",
        sql=f"CASE WHEN {column} IS NULL THEN '' ELSE {REFERENCES[column]} END",
        type_sql=f"COALESCE('{NAMESPACE}' || {place}, {UNDEFINED})",
        raw=(column,),
        targets=catalogues,
    )


def partner_or_place(name: str, partners: str, *catalogues: str) -> ODataField:
    """A composite field of partners, and of the other desk or account of a transfer."""
    place = money_place(name, "other_cash_id", *catalogues)
    return ODataField(
        name=name,
        kind="composite",
        sql=f"CASE WHEN partner_id IS NOT NULL THEN {REFERENCES['partner_id']} "
        f"ELSE {place.sql} END",
        type_sql=f"CASE WHEN partner_id IS NOT NULL THEN '{NAMESPACE}{partners}' "
        f"ELSE {place.type_sql} END",
        raw=("partner_id", *place.raw),
        targets=(partners, *catalogues),
    )


def document(name: str, *targets: str) -> ODataField:
    """A composite field that holds the document of a movement."""
    place = "(SELECT document_set FROM document_sets WHERE kind = doc_kind)"
    return ODataField(
        name=name,
        kind="composite",
        sql=DOCUMENT,
        type_sql=f"'{NAMESPACE}' || {place}",
        raw=("doc_kind", "doc"),
        targets=targets,
    )


def by_document(name: str, *kinds_and_members: str) -> ODataField:
    """A member of an enumeration by the kind of document: a kind, its member, the next kind."""
    pairs = zip(kinds_and_members[::2], kinds_and_members[1::2], strict=True)
    cases = " ".join(f"WHEN {DOCUMENT_KINDS[kind]} THEN '{member}'" for kind, member in pairs)
    return text(name, f"CASE doc_kind {cases} END", "doc_kind")


def text(name: str, sql: str = "''", *raw: str) -> ODataField:
    """A string, or a member of an enumeration."""
    return ODataField(name=name, kind="text", sql=sql, raw=raw)


def flag(name: str, sql: str = "0") -> ODataField:
    """A boolean."""
    return ODataField(name=name, kind="bool", sql=sql)


def day(name: str, sql: str = f"'{EMPTY_DATE}'", *raw: str) -> ODataField:
    """A date."""
    return ODataField(name=name, kind="date", sql=sql, raw=raw)


def number(name: str, sql: str = "0", places: int = 2) -> ODataField:
    """A number; its SQL is a whole number of the last decimal digit."""
    return ODataField(name=name, kind="number", sql=sql, places=places)


def columns_of(fields: Iterable[ODataField]) -> tuple[ODataColumn, ...]:
    """Return the properties of fields."""
    return tuple(column for field in fields for column in field.columns())


def plain(kind: ColumnKind, name: str, sql: str) -> ODataField:
    """A field of any kind, such as a key or the number of a line."""
    return ODataField(name=name, kind=kind, sql=sql)
