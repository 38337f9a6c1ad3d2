"""What a table of the books and its columns are, and the columns that many tables have."""

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


@attrs.frozen
class Table:
    """One table, and one file of the export.

    hidden: the names of columns that are not exported.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    hidden: tuple[str, ...] = ()

    @property
    def exported(self) -> tuple[Column, ...]:
        """The columns of the file and of the data dictionary."""
        return tuple(column for column in self.columns if column.name not in self.hidden)


def create_statement(table: Table) -> str:
    """The SQL that creates a table."""
    columns = ", ".join(f"{one.name} {_SQL_TYPES.get(one.kind, 'INT')}" for one in table.columns)
    return f"CREATE TABLE {table.name} ({columns});\n"


_SQL_TYPES: Final = {"key": "INTEGER PRIMARY KEY", "text": "TEXT", "day": "TEXT"}

DAY: Final = Column("day", "day", "the day of the document, YYYY-MM-DD")
WEEK: Final = Column("week", "day", "the Monday of its ISO week")
MONTH: Final = Column("month", "day", "the first day of its month")
ID: Final = Column("id", "key", "the document; its lines refer to it")
NUMBER: Final = Column("number", "text", "the number of the document")
FIRM: Final = Column("firm", "firms", "the legal entity")
WAREHOUSE: Final = Column("warehouse", "warehouses", "where the goods were")
CUSTOMER: Final = Column("customer", "partners", "who bought")
SUPPLIER: Final = Column("supplier", "partners", "who delivered")
SELLER: Final = Column("seller", "sellers", "who sold")
CHANNEL: Final = Column("channel", "channels", "through which channel")
PRODUCT: Final = Column("product", "products", "what")
PRODUCT_GROUP: Final = Column("product_group", "products", "the product's folder")
QTY: Final = Column("qty", "qty", "units")
AMOUNT: Final = Column("amount", "money", "incl. VAT, base currency (UAH)")
VAT: Final = Column("vat", "money", "the VAT in the amount")
COST: Final = Column("cost", "money", "the moving-average cost without VAT")
CASH: Final = Column("cash", "cash", "the desk or account")
OPERATION: Final = Column("operation", "operations", "why")
PARTNER: Final = Column("partner", "partners", "the customer or supplier, if it is one")
COST_ARTICLE: Final = Column("cost_article", "cost_articles", "what it was spent on, if it was")
OWN: Final = Column("own", "money", "in the desk's own currency")
