"""The data dictionary: every table of the books that is exported, column by column."""

from typing import Final, Literal

import attrs

Kind = Literal[
    "text",
    "day",
    "flag",
    "number",
    "money",
    "qty",
    "firms",
    "warehouses",
    "partners",
    "products",
    "channels",
    "sellers",
    "cash",
    "cost_articles",
    "operations",
]


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


_UUID: Final = Column("uuid", "text", "the id that the service answers with")
_CODE: Final = Column("code", "text", "the code that people see")
_LABEL: Final = Column("label", "text", "the name; not unique")
_IS_GROUP: Final = Column("is_group", "flag", "1 is a folder")
_ARCHIVED: Final = Column("archived", "flag", "1 is out of use")
_FIRM: Final = Column("firm", "firms", "the legal entity")
_DAY: Final = Column("day", "day", "the day of the document, YYYY-MM-DD")
_NUMBER: Final = Column("number", "text", "the number of the document")
_ID: Final = Column("id", "number", "the document; its lines refer to it")
_WAREHOUSE: Final = Column("warehouse", "warehouses", "where the goods were")
_CUSTOMER: Final = Column("customer", "partners", "who bought")
_SUPPLIER: Final = Column("supplier", "partners", "who delivered")
_PRODUCT: Final = Column("product", "products", "what")
_QTY: Final = Column("qty", "qty", "units")
_AMOUNT: Final = Column("amount", "money", "incl. VAT, base currency (UAH)")
_VAT: Final = Column("vat", "money", "the VAT in the amount")
_COST: Final = Column("cost", "money", "the moving-average cost without VAT")
_OWN: Final = Column("own", "money", "in the desk's own currency")


def _folder(catalogue: Kind) -> Column:
    return Column("parent", catalogue, "the folder it is in")


CATALOGUE_TABLES: Final = (
    Table(
        "firms",
        "Legal entities.",
        (
            _UUID,
            _CODE,
            _LABEL,
            Column("currency", "text", "of its documents"),
            Column("rate", "number", "UAH for one unit of its currency; fixed"),
            Column("vat_percent", "number", "the rate of VAT of everything it buys and sells"),
        ),
    ),
    Table(
        "warehouses",
        "Places of stock.",
        (
            _UUID,
            _CODE,
            _LABEL,
            _FIRM,
            Column("restricted", "flag", "1 is seen with the scope mcp:report:cost only"),
        ),
    ),
    Table(
        "partners",
        "Customers and suppliers, in one catalogue.",
        (
            _UUID,
            _CODE,
            _LABEL,
            _folder("partners"),
            _IS_GROUP,
            _ARCHIVED,
            Column("phone", "text", "invented: no operator has the code 00"),
            Column("city", "text", ""),
            Column("created", "day", "when it was entered; decides whether a customer is new"),
        ),
    ),
    Table(
        "products",
        "What is bought and sold.",
        (
            _UUID,
            _CODE,
            _LABEL,
            _folder("products"),
            _IS_GROUP,
            _ARCHIVED,
            Column("unit", "text", "of its quantities"),
        ),
    ),
    Table(
        "channels",
        "Sales channels, in two folders.",
        (_UUID, _CODE, _LABEL, _folder("channels"), _IS_GROUP),
    ),
    Table("sellers", "Who sells.", (_UUID, _CODE, _LABEL, _FIRM)),
    Table(
        "cash",
        "Cash desks and bank accounts.",
        (
            _UUID,
            _CODE,
            _LABEL,
            _FIRM,
            Column("currency", "text", "what is in it"),
            Column("rate", "number", "UAH for one unit of its currency; fixed"),
        ),
    ),
    Table(
        "cost_articles",
        "What money is spent on.",
        (_UUID, _CODE, _LABEL, _folder("cost_articles"), _IS_GROUP),
    ),
    Table("operations", "Kinds of movements of money.", (_UUID, _CODE, _LABEL)),
)

DOCUMENT_TABLES: Final = (
    Table(
        "opening_stock",
        "The stock at the end of the day before the books begin.",
        (_DAY, _WAREHOUSE, _PRODUCT, _QTY, _COST),
    ),
    Table(
        "opening_receivables",
        "What customers owed then.",
        (_DAY, _FIRM, _CUSTOMER, _AMOUNT),
    ),
    Table("opening_payables", "What we owed then.", (_DAY, _FIRM, _SUPPLIER, _AMOUNT)),
    Table(
        "opening_cash",
        "The money there was then.",
        (
            _DAY,
            Column("cash", "cash", "the desk"),
            _OWN,
            Column("amount", "money", "the same in the base currency (UAH)"),
        ),
    ),
    Table(
        "sales",
        "Sales and, with return_of, returns by customers.",
        (
            _ID,
            _DAY,
            _NUMBER,
            Column("return_of", "number", "the sale that a return takes back"),
            _FIRM,
            _WAREHOUSE,
            _CUSTOMER,
            Column("seller", "sellers", "who sold"),
            Column("channel", "channels", "through which channel"),
        ),
    ),
    Table(
        "sale_lines",
        "Their lines; on a return the figures are positive as on paper.",
        (Column("sale", "number", "the document"), _PRODUCT, _QTY, _AMOUNT, _VAT, _COST),
    ),
    Table(
        "purchases",
        "Purchases and, with return_of, returns to suppliers.",
        (
            _ID,
            _DAY,
            _NUMBER,
            Column("return_of", "number", "the purchase that a return sends back"),
            _FIRM,
            _WAREHOUSE,
            _SUPPLIER,
        ),
    ),
    Table(
        "purchase_lines",
        "Their lines; amount less VAT is what the stock gains.",
        (Column("purchase", "number", "the document"), _PRODUCT, _QTY, _AMOUNT, _VAT),
    ),
    Table(
        "stock_transfers",
        "Goods carried from one warehouse to another.",
        (
            _ID,
            _DAY,
            _NUMBER,
            Column("warehouse_from", "warehouses", "where they left"),
            Column("warehouse_to", "warehouses", "where they arrived"),
        ),
    ),
    Table(
        "stock_transfer_lines",
        "Their lines.",
        (Column("transfer", "number", "the document"), _PRODUCT, _QTY, _COST),
    ),
    Table(
        "cash_documents",
        "Money that came in or went out.",
        (
            _ID,
            _DAY,
            _NUMBER,
            Column("operation", "operations", "why"),
            Column("cash", "cash", "the desk or account"),
            Column("direction", "text", "in or out"),
            _OWN,
            Column("amount", "money", "the same in the base currency"),
            Column("partner", "partners", "the customer or supplier, if it is one"),
            Column("cost_article", "cost_articles", "what it was spent on, if it was"),
        ),
    ),
    Table(
        "cash_transfers",
        "Money carried between desks and accounts.",
        (
            _ID,
            _DAY,
            _NUMBER,
            Column("cash_from", "cash", "where it left"),
            Column("cash_to", "cash", "where it arrived"),
            Column("own_from", "money", "in the currency of cash_from"),
            Column("own_to", "money", "in the currency of cash_to"),
            Column("amount", "money", "in the base currency"),
        ),
    ),
)

REGISTER_TABLES: Final = (
    Table(
        "register_sales",
        "Every line sold or, with a minus, returned.",
        (
            _DAY,
            Column("week", "day", "the Monday of its ISO week"),
            Column("month", "day", "the first day of its month"),
            _FIRM,
            _WAREHOUSE,
            _CUSTOMER,
            Column("customer_group", "partners", "the customer's folder"),
            Column("customer_created", "day", "when the customer was entered"),
            Column("seller", "sellers", "who sold"),
            Column("channel", "channels", "through which channel"),
            _PRODUCT,
            Column("product_group", "products", "the product's folder"),
            Column("document", "number", "the sale or the return"),
            Column("receipt_of_product", "number", "the sale; empty on a return"),
            Column("receipt_of_group", "number", "the same, on the first line of a group only"),
            Column("buyer", "partners", "the customer; empty on a return"),
            _QTY,
            _AMOUNT,
            _VAT,
            _COST,
        ),
    ),
    Table(
        "register_receipts",
        "The same by whole documents.",
        (
            _DAY,
            Column("week", "day", "the Monday of its ISO week"),
            Column("month", "day", "the first day of its month"),
            _FIRM,
            _WAREHOUSE,
            _CUSTOMER,
            Column("customer_group", "partners", "the customer's folder"),
            Column("customer_created", "day", "when the customer was entered"),
            Column("seller", "sellers", "who sold"),
            Column("channel", "channels", "through which channel"),
            Column("receipt", "number", "the sale; empty on a return"),
            Column("buyer", "partners", "the customer; empty on a return"),
            _QTY,
            _AMOUNT,
            _VAT,
            _COST,
        ),
    ),
    Table(
        "register_purchases",
        "Every line bought or, with a minus, sent back.",
        (
            _DAY,
            Column("week", "day", "the Monday of its ISO week"),
            Column("month", "day", "the first day of its month"),
            _FIRM,
            _WAREHOUSE,
            _SUPPLIER,
            _PRODUCT,
            Column("product_group", "products", "the product's folder"),
            _QTY,
            _AMOUNT,
            _VAT,
        ),
    ),
    Table(
        "register_stock",
        "Changes of the stock by day; their sum is the balance.",
        (_DAY, _WAREHOUSE, _PRODUCT, _QTY, _COST),
    ),
    Table(
        "register_receivables",
        "Changes of what a customer owes a firm; a balance below zero is an advance.",
        (_DAY, _FIRM, _CUSTOMER, _AMOUNT),
    ),
    Table(
        "register_payables",
        "Changes of what a firm owes a supplier; a balance below zero is an advance.",
        (_DAY, _FIRM, _SUPPLIER, _AMOUNT),
    ),
    Table(
        "register_cash",
        "Movements of money; a transfer is two of them.",
        (
            _DAY,
            Column("week", "day", "the Monday of its ISO week"),
            Column("month", "day", "the first day of its month"),
            Column("cash", "cash", "the desk or account"),
            _FIRM,
            Column("operation", "operations", "why"),
            Column("partner", "partners", "the customer or supplier, if it is one"),
            Column("cost_article", "cost_articles", "what it was spent on, if it was"),
            Column("other_cash", "cash", "the other side of a transfer"),
            Column("own", "money", "the change in the desk's own currency"),
            Column("inflow", "money", "what came in, base currency"),
            Column("outflow", "money", "what went out, base currency"),
        ),
    ),
    Table(
        "register_cash_balances",
        "Changes of the money in a desk by day; their sum is the balance.",
        (_DAY, Column("cash", "cash", "the desk or account"), _OWN),
    ),
)

TABLES: Final = (*CATALOGUE_TABLES, *DOCUMENT_TABLES, *REGISTER_TABLES)


def render_dictionary() -> str:
    """The data dictionary as Markdown; the same text is in docs/reference/demo.md."""
    parts = []
    for title, tables in (
        ("Catalogues", CATALOGUE_TABLES),
        ("Documents", DOCUMENT_TABLES),
        ("Registers", REGISTER_TABLES),
    ):
        parts.append(f"### {title}\n")
        for table in tables:
            parts.append(f"**{table.name}.csv** — {table.about}\n")
            parts.append("| column | is | about |\n|---|---|---|")
            parts += [f"| {one.name} | {_is(one.kind)} | {one.about} |" for one in table.columns]
            parts.append("")
    return "\n".join(parts)


def _is(kind: Kind) -> str:
    plain = {
        "text": "text",
        "day": "day",
        "flag": "0 or 1",
        "number": "whole number",
        "money": "money, two decimals",
        "qty": "quantity, three decimals",
    }
    return plain.get(kind, f"name in {kind}, with its uuid in the next column")
