"""The tables of the opening balances and of the documents, as they were written."""

from typing import Final

from onecgw.demo.simulation.tables import Column, Table

DOCUMENT_TABLES: Final = (
    Table(
        "opening_stock",
        "The stock at the end of the day before the books begin.",
        ("day warehouse product qty cost",),
    ),
    Table("opening_receivables", "What customers owed then.", ("day firm customer amount",)),
    Table("opening_payables", "What we owed then.", ("day firm supplier amount",)),
    Table(
        "opening_cash",
        "The money there was then.",
        ("day cash own", Column("amount", "money", "the same in the base currency (UAH)")),
    ),
    Table(
        "sales",
        "Sales and, with return_of, returns by customers.",
        (
            "id day number",
            Column("return_of", "number", "the sale that a return takes back"),
            "firm warehouse customer seller channel",
        ),
    ),
    Table(
        "sale_lines",
        "Their lines; on a return the figures are positive as on paper.",
        ("sale product qty amount vat cost",),
    ),
    Table(
        "purchases",
        "Purchases and, with return_of, returns to suppliers.",
        (
            "id day number",
            Column("return_of", "number", "the purchase that a return sends back"),
            "firm warehouse supplier",
        ),
    ),
    Table(
        "purchase_lines",
        "Their lines; amount less VAT is what the stock gains.",
        ("purchase product qty amount vat",),
    ),
    Table(
        "shipments",
        "What suppliers have sent; it is on the way until its delivery date.",
        (
            "id",
            Column("day", "day", "the day on which it was sent"),
            "number firm warehouse supplier",
            Column("delivery_date", "day", "the day on which it arrives"),
            Column("purchase", "number", "the purchase with the same lines"),
        ),
        hidden=("purchase",),
    ),
    Table(
        "shipment_lines",
        "Their lines.",
        (
            "shipment product qty amount",
            Column("own", "money", "incl. VAT, in the currency of the firm"),
        ),
    ),
    Table(
        "stock_transfers",
        "Goods carried from one warehouse to another.",
        (
            "id day number",
            Column("warehouse_from", "warehouses", "where they left"),
            Column("warehouse_to", "warehouses", "where they arrived"),
        ),
    ),
    Table("stock_transfer_lines", "Their lines.", ("transfer product qty cost",)),
    Table(
        "cash_documents",
        "Money that came in or went out.",
        (
            "id day number operation cash",
            Column("direction", "text", "in or out"),
            "own",
            Column("amount", "money", "the same in the base currency"),
            "partner cost_article",
        ),
    ),
    Table(
        "cash_transfers",
        "Money carried between desks and accounts.",
        (
            "id day number",
            Column("cash_from", "cash", "where it left"),
            Column("cash_to", "cash", "where it arrived"),
            Column("own_from", "money", "in the currency of cash_from"),
            Column("own_to", "money", "in the currency of cash_to"),
            Column("amount", "money", "in the base currency"),
        ),
    ),
)
