"""The registers: what the reports read, drawn from the documents and never written by hand.

A register holds movements by day; a balance is the sum of the movements up to its day.
"""

import sqlite3
from typing import Final

from onecgw.demo.simulation.tables import Column, Table, create_statement

# Each register and the query that its rows come from; later ones read earlier ones.
_REGISTERS: Final = {
    Table(
        "register_sales",
        "Every line sold or, with a minus, returned.",
        (
            "day week month firm warehouse customer",
            Column("customer_group", "partners", "the customer's folder"),
            Column("customer_created", "day", "when the customer was entered"),
            "seller channel product product_group",
            Column("document", "number", "the sale or the return"),
            Column("receipt", "number", "the sale; empty on a return"),
            Column("buyer", "partners", "the customer; empty on a return"),
            "qty amount vat cost",
        ),
    ): """
        SELECT
            day, date(day, '-6 days', 'weekday 1'), date(day, 'start of month'), firm, warehouse,
            customer, partners.parent, partners.created, seller, channel, product,
            products.parent, sale, IIF(return_of IS NULL, sale, NULL),
            IIF(return_of IS NULL, customer, NULL), sign * qty, sign * amount, sign * vat,
            sign * cost
        FROM sale_lines AS line
        JOIN (SELECT *, IIF(return_of IS NULL, 1, -1) AS sign FROM sales) AS sales
            ON sales.id = sale
        JOIN partners ON partners.id = customer
        JOIN products ON products.id = product
        ORDER BY line.rowid
    """,
    Table(
        "register_purchases",
        "Every line bought or, with a minus, sent back.",
        ("day week month firm warehouse supplier product product_group qty amount vat",),
    ): """
        SELECT
            day, date(day, '-6 days', 'weekday 1'), date(day, 'start of month'), firm, warehouse,
            supplier, product, products.parent, sign * qty, sign * amount, sign * vat
        FROM purchase_lines AS line
        JOIN (SELECT *, IIF(return_of IS NULL, 1, -1) AS sign FROM purchases) AS purchases
            ON purchases.id = purchase
        JOIN products ON products.id = product
        ORDER BY day, purchase, line.rowid
    """,
    Table(
        "register_stock",
        "Changes of the stock by day; their sum is the balance.",
        ("day warehouse product qty cost",),
    ): """
        SELECT day, warehouse, product, SUM(qty), SUM(cost)
        FROM (
            SELECT day, warehouse, product, qty, cost FROM opening_stock
            UNION ALL
            SELECT day, warehouse, product, qty, amount - vat FROM register_purchases
            UNION ALL
            SELECT day, warehouse, product, -qty, -cost FROM register_sales
            UNION ALL
            SELECT day, warehouse_from, product, -qty, -cost
            FROM stock_transfer_lines JOIN stock_transfers ON stock_transfers.id = transfer
            UNION ALL
            SELECT day, warehouse_to, product, qty, cost
            FROM stock_transfer_lines JOIN stock_transfers ON stock_transfers.id = transfer
        )
        GROUP BY day, warehouse, product
        ORDER BY day, warehouse, product
    """,
    # Sales less payments.
    Table(
        "register_receivables",
        "Changes of what a customer owes a firm; a balance below zero is an advance.",
        ("day firm customer amount",),
    ): """
        SELECT day, firm, customer, SUM(amount)
        FROM (
            SELECT day, firm, customer, amount FROM opening_receivables
            UNION ALL
            SELECT day, firm, customer, amount FROM register_sales
            UNION ALL
            SELECT day, cash.firm, partner, IIF(direction = 'in', -amount, amount)
            FROM cash_documents
            JOIN cash ON cash.id = cash
            JOIN operations ON operations.id = operation
            WHERE operations.label IN (
                'Оплата від покупця', 'Розничная выручка', 'Повернення коштів покупцю')
        )
        GROUP BY day, firm, customer
        ORDER BY day, firm, customer
    """,
    # Purchases less payments.
    Table(
        "register_payables",
        "Changes of what a firm owes a supplier; a balance below zero is an advance.",
        ("day firm supplier amount",),
    ): """
        SELECT day, firm, supplier, SUM(amount)
        FROM (
            SELECT day, firm, supplier, amount FROM opening_payables
            UNION ALL
            SELECT day, firm, supplier, amount FROM register_purchases
            UNION ALL
            SELECT day, cash.firm, partner, IIF(direction = 'out', -amount, amount)
            FROM cash_documents
            JOIN cash ON cash.id = cash
            JOIN operations ON operations.id = operation
            WHERE operations.label IN ('Оплата поставщику', 'Повернення коштів від постачальника')
        )
        GROUP BY day, firm, supplier
        ORDER BY day, firm, supplier
    """,
    # A transfer is two movements, each with the other desk as its analytics.
    Table(
        "register_cash",
        "Movements of money; a transfer is two of them.",
        (
            "day week month cash firm operation partner cost_article",
            Column("other_cash", "cash", "the other side of a transfer"),
            Column("own", "money", "the change in the desk's own currency"),
            Column("inflow", "money", "what came in, base currency"),
            Column("outflow", "money", "what went out, base currency"),
        ),
    ): """
        SELECT
            day, date(day, '-6 days', 'weekday 1'), date(day, 'start of month'), cash, cash.firm,
            operation, partner, cost_article, other_cash, own, inflow, outflow
        FROM (
            SELECT
                day, cash, operation, partner, cost_article, NULL AS other_cash,
                IIF(direction = 'in', own, -own) AS own,
                IIF(direction = 'in', amount, 0) AS inflow,
                IIF(direction = 'in', 0, amount) AS outflow
            FROM cash_documents
            UNION ALL
            SELECT day, cash_from, operations.id, NULL, NULL, cash_to, -own_from, 0, amount
            FROM cash_transfers JOIN operations ON operations.label = 'Перемещение денег: расход'
            UNION ALL
            SELECT day, cash_to, operations.id, NULL, NULL, cash_from, own_to, amount, 0
            FROM cash_transfers JOIN operations ON operations.label = 'Перемещение денег: приход'
        )
        JOIN cash ON cash.id = cash
        ORDER BY day, cash, operation, partner, cost_article, other_cash, own
    """,
    Table(
        "register_cash_balances",
        "Changes of the money in a desk by day; their sum is the balance.",
        ("day cash own",),
    ): """
        SELECT day, cash, SUM(own)
        FROM (
            SELECT day, cash, own FROM opening_cash
            UNION ALL
            SELECT day, cash, own FROM register_cash
        )
        GROUP BY day, cash
        ORDER BY day, cash
    """,
}
REGISTER_TABLES: Final = tuple(_REGISTERS)

# How long each quantity of a product lay in a warehouse: the report on availability would take
# several seconds if it followed every product through its days on each call. Not exported.
# One row per quantity and ISO week: the quantity holds at the end of `day` and of every day before
# `next_day` (Julian day numbers), both in one week; the last one holds until the end of the books.
# A week is its Monday, a day number divisible by 7.
_STOCK_LEVELS: Final = """
CREATE TABLE stock_levels (
    week INT, warehouse INT, product INT, product_group INT, day INT, next_day INT, qty INT,
    PRIMARY KEY (week, warehouse, product, day)) WITHOUT ROWID;

WITH RECURSIVE levels AS (
    SELECT
        warehouse, product, parent, day, SUM(qty) OVER pair AS qty,
        LEAD(day, 1, (SELECT julianday(value) + 1.5 FROM facts WHERE name = 'today')) OVER pair
            AS next_day
    FROM (
        SELECT warehouse, product, parent, CAST(julianday(day) + 0.5 AS INT) AS day, qty
        FROM register_stock JOIN products ON products.id = product
    )
    WINDOW pair AS (PARTITION BY warehouse, product ORDER BY day)
), parts(week, warehouse, product, product_group, day, next_day, qty) AS (
    SELECT day / 7 * 7, warehouse, product, parent, day, next_day, qty FROM levels
    UNION ALL
    SELECT week + 7, warehouse, product, product_group, week + 7, next_day, qty
    FROM parts
    WHERE week + 7 < next_day
)
INSERT INTO stock_levels
SELECT week, warehouse, product, product_group, day, MIN(next_day, week + 7), qty
FROM parts ORDER BY week, warehouse, product, day;
"""


def fill_registers(db: sqlite3.Connection) -> None:
    """Create and fill every register of a database that holds the documents."""
    for table, movements in _REGISTERS.items():
        db.execute(create_statement(table))
        db.execute(f"INSERT INTO {table.name} {movements}")
    db.executescript(_STOCK_LEVELS)
