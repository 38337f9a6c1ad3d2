"""Tables of the books: their columns, and the SQL that creates them."""

from collections.abc import Iterable
from typing import Final, Literal

import attrs

from onecgw.demo.simulation.catalogue_entries import CatalogueName

Kind = Literal["key", "text", "day", "flag", "number", "money", "qty"] | CatalogueName


@attrs.frozen
class Column:
    """One column.

    kind: how the value is stored and exported. Money is whole kopecks of the base currency (where
        a column says `own`: of the desk's currency), quantities are whole thousandths of a unit,
        days are ISO dates. The name of a catalogue makes the column a reference: the entry's id.
    about: for the data dictionary.
    """

    name: str
    kind: Kind
    about: str = ""


# The columns that several tables have.
_COMMON: Final = {
    column.name: column
    for column in (
        Column("id", "key", "the document; its lines refer to it"),
        Column("day", "day", "the day of the document, YYYY-MM-DD"),
        Column("week", "day", "the Monday of its ISO week"),
        Column("month", "day", "the first day of its month"),
        Column("number", "text", "the number of the document"),
        Column("firm", "firms", "the legal entity"),
        Column("warehouse", "warehouses", "where the goods were"),
        Column("customer", "partners", "who bought"),
        Column("supplier", "partners", "who delivered"),
        Column("seller", "sellers", "who sold"),
        Column("channel", "channels", "through which channel"),
        Column("product", "products", "what"),
        Column("product_group", "products", "the product's folder"),
        Column("qty", "qty", "units"),
        Column("amount", "money", "incl. VAT, base currency (UAH)"),
        Column("vat", "money", "the VAT in the amount"),
        Column("cost", "money", "the moving-average cost without VAT"),
        Column("cash", "cash", "the desk or account"),
        Column("operation", "operations", "why"),
        Column("partner", "partners", "the customer or supplier, if it is one"),
        Column("cost_article", "cost_articles", "what it was spent on, if it was"),
        Column("own", "money", "in the desk's own currency"),
        Column("sale", "number", "the document"),
        Column("purchase", "number", "the document"),
        Column("shipment", "number", "the document"),
        Column("transfer", "number", "the document"),
    )
}


def _columns(given: Iterable[str | Column]) -> tuple[Column, ...]:
    columns: list[Column] = []
    for one in given:
        columns += [one] if isinstance(one, Column) else [_COMMON[name] for name in one.split()]
    return tuple(columns)


@attrs.frozen
class Table:
    """One table, and one file of the export.

    columns: columns that several tables have are given by their names, with spaces between.
    hidden: the names of columns that are not exported.
    """

    name: str
    about: str
    columns: tuple[Column, ...] = attrs.field(converter=_columns)
    hidden: tuple[str, ...] = ()

    @property
    def exported(self) -> tuple[Column, ...]:
        """The columns of the file and of the data dictionary."""
        return tuple(column for column in self.columns if column.name not in self.hidden)


def create_statement(table: Table) -> str:
    """The SQL that creates a table."""
    columns = ", ".join(f"{one.name} {_SQL_TYPES.get(one.kind, 'INT')}" for one in table.columns)
    return f"CREATE TABLE {table.name} ({columns});\n"


def insert_statement(table: Table) -> str:
    """The SQL that inserts a row, with a parameter for each column."""
    return f"INSERT INTO {table.name} VALUES ({','.join('?' * len(table.columns))})"  # noqa: S608 - our own table names


_SQL_TYPES: Final = {"key": "INTEGER PRIMARY KEY", "text": "TEXT", "day": "TEXT"}
