"""The tables of the opening balances and of the documents, as they were written."""

from typing import Final

from onecgw.demo.simulation.tables import (
    AMOUNT,
    CASH,
    CHANNEL,
    COST,
    COST_ARTICLE,
    CUSTOMER,
    DAY,
    FIRM,
    ID,
    NUMBER,
    OPERATION,
    OWN,
    PARTNER,
    PRODUCT,
    QTY,
    SELLER,
    SUPPLIER,
    VAT,
    WAREHOUSE,
    Column,
    Table,
)

_DOCUMENT: Final = (ID, DAY, NUMBER)

DOCUMENT_TABLES: Final = (
    Table(
        "opening_stock",
        "The stock at the end of the day before the books begin.",
        (DAY, WAREHOUSE, PRODUCT, QTY, COST),
    ),
    Table("opening_receivables", "What customers owed then.", (DAY, FIRM, CUSTOMER, AMOUNT)),
    Table("opening_payables", "What we owed then.", (DAY, FIRM, SUPPLIER, AMOUNT)),
    Table(
        "opening_cash",
        "The money there was then.",
        (DAY, CASH, OWN, Column("amount", "money", "the same in the base currency (UAH)")),
    ),
    Table(
        "sales",
        "Sales and, with return_of, returns by customers.",
        (
            *_DOCUMENT,
            Column("return_of", "number", "the sale that a return takes back"),
            FIRM,
            WAREHOUSE,
            CUSTOMER,
            SELLER,
            CHANNEL,
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
            *_DOCUMENT,
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
        "shipments",
        "What suppliers have sent; it is on the way until its delivery date.",
        (
            ID,
            Column("day", "day", "the day on which it was sent"),
            NUMBER,
            FIRM,
            WAREHOUSE,
            SUPPLIER,
            Column("delivery_date", "day", "the day on which it arrives"),
            Column("purchase", "number", "the purchase with the same lines"),
        ),
        hidden=("purchase",),
    ),
    Table(
        "shipment_lines",
        "Their lines.",
        (
            Column("shipment", "number", "the document"),
            PRODUCT,
            QTY,
            AMOUNT,
            Column("own", "money", "incl. VAT, in the currency of the firm"),
        ),
    ),
    Table(
        "stock_transfers",
        "Goods carried from one warehouse to another.",
        (
            *_DOCUMENT,
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
            *_DOCUMENT,
            OPERATION,
            CASH,
            Column("direction", "text", "in or out"),
            OWN,
            Column("amount", "money", "the same in the base currency"),
            PARTNER,
            COST_ARTICLE,
        ),
    ),
    Table(
        "cash_transfers",
        "Money carried between desks and accounts.",
        (
            *_DOCUMENT,
            Column("cash_from", "cash", "where it left"),
            Column("cash_to", "cash", "where it arrived"),
            Column("own_from", "money", "in the currency of cash_from"),
            Column("own_to", "money", "in the currency of cash_to"),
            Column("amount", "money", "in the base currency"),
        ),
    ),
)
