"""What a table and a column of the dictionary are, and the columns that many tables have."""

from typing import Final, Literal

import attrs

from onecgw.demo.ledger.catalogues import CatalogueName

Kind = Literal["text", "day", "flag", "number", "money", "qty"] | CatalogueName


@attrs.frozen
class Column:
    """One column.

    kind: how the stored value is written; the name of a catalogue makes it a reference.
    """

    name: str
    kind: Kind
    about: str


@attrs.frozen
class Table:
    """One table, and one file of the export."""

    name: str
    about: str
    columns: tuple[Column, ...]


UUID: Final = Column("uuid", "text", "the id that the service answers with")
CODE: Final = Column("code", "text", "the code that people see")
LABEL: Final = Column("label", "text", "the name; not unique")
IS_GROUP: Final = Column("is_group", "flag", "1 is a folder")
ARCHIVED: Final = Column("archived", "flag", "1 is out of use")
FIRM: Final = Column("firm", "firms", "the legal entity")
DAY: Final = Column("day", "day", "the day of the document, YYYY-MM-DD")
NUMBER: Final = Column("number", "text", "the number of the document")
ID: Final = Column("id", "number", "the document; its lines refer to it")
WAREHOUSE: Final = Column("warehouse", "warehouses", "where the goods were")
CUSTOMER: Final = Column("customer", "partners", "who bought")
SUPPLIER: Final = Column("supplier", "partners", "who delivered")
PRODUCT: Final = Column("product", "products", "what")
QTY: Final = Column("qty", "qty", "units")
AMOUNT: Final = Column("amount", "money", "incl. VAT, base currency (UAH)")
VAT: Final = Column("vat", "money", "the VAT in the amount")
COST: Final = Column("cost", "money", "the moving-average cost without VAT")
OWN: Final = Column("own", "money", "in the desk's own currency")


def folder_of(catalogue: Kind) -> Column:
    """The column with the folder of an entry."""
    return Column("parent", catalogue, "the folder it is in")
