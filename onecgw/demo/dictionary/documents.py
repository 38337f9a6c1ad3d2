"""The dictionary of the opening balances and the documents, as they were written."""

from typing import Final

from onecgw.demo.dictionary.columns import (
    AMOUNT,
    COST,
    CUSTOMER,
    DAY,
    FIRM,
    ID,
    NUMBER,
    OWN,
    PRODUCT,
    QTY,
    SUPPLIER,
    VAT,
    WAREHOUSE,
    Column,
    Table,
)

DOCUMENT_TABLES: Final = (
    Table(
        "opening_stock",
        "The stock at the end of the day before the books begin.",
        (DAY, WAREHOUSE, PRODUCT, QTY, COST),
    ),
    Table(
        "opening_receivables",
        "What customers owed then.",
        (DAY, FIRM, CUSTOMER, AMOUNT),
    ),
    Table("opening_payables", "What we owed then.", (DAY, FIRM, SUPPLIER, AMOUNT)),
    Table(
        "opening_cash",
        "The money there was then.",
        (
            DAY,
            Column("cash", "cash", "the desk"),
            OWN,
            Column("amount", "money", "the same in the base currency (UAH)"),
        ),
    ),
    Table(
        "sales",
        "Sales and, with return_of, returns by customers.",
        (
            ID,
            DAY,
            NUMBER,
            Column("return_of", "number", "the sale that a return takes back"),
            FIRM,
            WAREHOUSE,
            CUSTOMER,
            Column("seller", "sellers", "who sold"),
            Column("channel", "channels", "through which channel"),
        ),
    ),
    Table(
        "sale_lines",
        "Their lines; on a return the figures are positive as on paper.",
        (Column("sale", "number", "the document"), PRODUCT, QTY, AMOUNT, VAT, COST),
    ),
    Table(
        "purchases",
        "Purchases and, with return_of, returns to suppliers.",
        (
            ID,
            DAY,
            NUMBER,
            Column("return_of", "number", "the purchase that a return sends back"),
            FIRM,
            WAREHOUSE,
            SUPPLIER,
        ),
    ),
    Table(
        "purchase_lines",
        "Their lines; amount less VAT is what the stock gains.",
        (Column("purchase", "number", "the document"), PRODUCT, QTY, AMOUNT, VAT),
    ),
    Table(
        "stock_transfers",
        "Goods carried from one warehouse to another.",
        (
            ID,
            DAY,
            NUMBER,
            Column("warehouse_from", "warehouses", "where they left"),
            Column("warehouse_to", "warehouses", "where they arrived"),
        ),
    ),
    Table(
        "stock_transfer_lines",
        "Their lines.",
        (Column("transfer", "number", "the document"), PRODUCT, QTY, COST),
    ),
    Table(
        "cash_documents",
        "Money that came in or went out.",
        (
            ID,
            DAY,
            NUMBER,
            Column("operation", "operations", "why"),
            Column("cash", "cash", "the desk or account"),
            Column("direction", "text", "in or out"),
            OWN,
            Column("amount", "money", "the same in the base currency"),
            Column("partner", "partners", "the customer or supplier, if it is one"),
            Column("cost_article", "cost_articles", "what it was spent on, if it was"),
        ),
    ),
    Table(
        "cash_transfers",
        "Money carried between desks and accounts.",
        (
            ID,
            DAY,
            NUMBER,
            Column("cash_from", "cash", "where it left"),
            Column("cash_to", "cash", "where it arrived"),
            Column("own_from", "money", "in the currency of cash_from"),
            Column("own_to", "money", "in the currency of cash_to"),
            Column("amount", "money", "in the base currency"),
        ),
    ),
)
