"""The registers: what the reports read, drawn from the documents and never written by hand.

A register holds movements by day; a balance is the sum of the movements up to its day.
"""

import sqlite3
from typing import Final

from onecgw.demo.simulation.stock_levels import STOCK_LEVELS
from onecgw.demo.simulation.tables import (
    AMOUNT,
    CASH,
    CHANNEL,
    COST,
    COST_ARTICLE,
    CUSTOMER,
    DAY,
    FIRM,
    MONTH,
    OPERATION,
    OWN,
    PARTNER,
    PRODUCT,
    PRODUCT_GROUP,
    QTY,
    SELLER,
    SUPPLIER,
    VAT,
    WAREHOUSE,
    WEEK,
    Column,
    Table,
    create_statement,
)

_SALES: Final = Table(
    "register_sales",
    "Every line sold or, with a minus, returned.",
    (
        DAY,
        WEEK,
        MONTH,
        FIRM,
        WAREHOUSE,
        CUSTOMER,
        Column("customer_group", "partners", "the customer's folder"),
        Column("customer_created", "day", "when the customer was entered"),
        SELLER,
        CHANNEL,
        PRODUCT,
        PRODUCT_GROUP,
        Column("document", "number", "the sale or the return"),
        Column("receipt", "number", "the sale; empty on a return"),
        Column("buyer", "partners", "the customer; empty on a return"),
        QTY,
        AMOUNT,
        VAT,
        COST,
    ),
)
# Returns stand with a minus; their `receipt` and `buyer` are empty, because a return is no receipt.
_SALES_MOVEMENTS: Final = """
SELECT
    sales.day, date(sales.day, '-6 days', 'weekday 1') AS week,
    date(sales.day, 'start of month') AS month, sales.firm, sales.warehouse, sales.customer,
    customer.parent AS customer_group, customer.created AS customer_created, sales.seller,
    sales.channel, line.product, product.parent AS product_group, sales.id AS document,
    IIF(sales.return_of IS NULL, sales.id, NULL) AS receipt,
    IIF(sales.return_of IS NULL, sales.customer, NULL) AS buyer,
    sales.sign * line.qty AS qty, sales.sign * line.amount AS amount,
    sales.sign * line.vat AS vat, sales.sign * line.cost AS cost
FROM sale_lines AS line
JOIN (SELECT *, IIF(return_of IS NULL, 1, -1) AS sign FROM sales) AS sales
    ON sales.id = line.sale
JOIN partners AS customer ON customer.id = sales.customer
JOIN products AS product ON product.id = line.product
ORDER BY line.rowid
"""

_PURCHASES: Final = Table(
    "register_purchases",
    "Every line bought or, with a minus, sent back.",
    (
        DAY,
        WEEK,
        MONTH,
        FIRM,
        WAREHOUSE,
        SUPPLIER,
        PRODUCT,
        PRODUCT_GROUP,
        QTY,
        AMOUNT,
        VAT,
    ),
)
_PURCHASES_MOVEMENTS: Final = """
SELECT
    purchases.day, date(purchases.day, '-6 days', 'weekday 1') AS week,
    date(purchases.day, 'start of month') AS month, purchases.firm, purchases.warehouse,
    purchases.supplier, line.product, product.parent AS product_group,
    purchases.sign * line.qty AS qty,
    purchases.sign * line.amount AS amount,
    purchases.sign * line.vat AS vat
FROM purchase_lines AS line
JOIN (SELECT *, IIF(return_of IS NULL, 1, -1) AS sign FROM purchases) AS purchases
    ON purchases.id = line.purchase
JOIN products AS product ON product.id = line.product
ORDER BY purchases.day, purchases.id, line.rowid
"""

_STOCK: Final = Table(
    "register_stock",
    "Changes of the stock by day; their sum is the balance.",
    (DAY, WAREHOUSE, PRODUCT, QTY, COST),
)
_STOCK_MOVEMENTS: Final = """
SELECT day, warehouse, product, SUM(qty) AS qty, SUM(cost) AS cost
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
"""

_RECEIVABLES: Final = Table(
    "register_receivables",
    "Changes of what a customer owes a firm; a balance below zero is an advance.",
    (DAY, FIRM, CUSTOMER, AMOUNT),
)
# What customers owe us: sales less payments. Below zero it is their advance.
_RECEIVABLES_MOVEMENTS: Final = """
SELECT day, firm, customer, SUM(amount) AS amount
FROM (
    SELECT day, firm, customer, amount FROM opening_receivables
    UNION ALL
    SELECT day, firm, customer, amount FROM register_sales
    UNION ALL
    SELECT day, cash.firm, partner, CASE direction WHEN 'in' THEN -amount ELSE amount END
    FROM cash_documents
    JOIN cash ON cash.id = cash
    JOIN operations ON operations.id = operation
    WHERE operations.label IN (
        'Оплата від покупця', 'Розничная выручка', 'Повернення коштів покупцю')
)
GROUP BY day, firm, customer
ORDER BY day, firm, customer
"""

_PAYABLES: Final = Table(
    "register_payables",
    "Changes of what a firm owes a supplier; a balance below zero is an advance.",
    (DAY, FIRM, SUPPLIER, AMOUNT),
)
# What we owe suppliers: purchases less payments. Below zero it is our advance.
_PAYABLES_MOVEMENTS: Final = """
SELECT day, firm, supplier, SUM(amount) AS amount
FROM (
    SELECT day, firm, supplier, amount FROM opening_payables
    UNION ALL
    SELECT day, firm, supplier, amount FROM register_purchases
    UNION ALL
    SELECT day, cash.firm, partner, CASE direction WHEN 'out' THEN -amount ELSE amount END
    FROM cash_documents
    JOIN cash ON cash.id = cash
    JOIN operations ON operations.id = operation
    WHERE operations.label IN ('Оплата поставщику', 'Повернення коштів від постачальника')
)
GROUP BY day, firm, supplier
ORDER BY day, firm, supplier
"""

_CASH: Final = Table(
    "register_cash",
    "Movements of money; a transfer is two of them.",
    (
        DAY,
        WEEK,
        MONTH,
        CASH,
        FIRM,
        OPERATION,
        PARTNER,
        COST_ARTICLE,
        Column("other_cash", "cash", "the other side of a transfer"),
        Column("own", "money", "the change in the desk's own currency"),
        Column("inflow", "money", "what came in, base currency"),
        Column("outflow", "money", "what went out, base currency"),
    ),
)
# A transfer is two movements, each with the other desk as its analytics.
_CASH_MOVEMENTS: Final = """
SELECT
    day, date(day, '-6 days', 'weekday 1') AS week, date(day, 'start of month') AS month, cash,
    cash.firm, operation, partner, cost_article,
    other_cash, own, inflow, outflow
FROM (
    SELECT
        day, cash, operation, partner, cost_article, NULL AS other_cash,
        CASE direction WHEN 'in' THEN own ELSE -own END AS own,
        CASE direction WHEN 'in' THEN amount ELSE 0 END AS inflow,
        CASE direction WHEN 'in' THEN 0 ELSE amount END AS outflow
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
"""

_CASH_BALANCES: Final = Table(
    "register_cash_balances",
    "Changes of the money in a desk by day; their sum is the balance.",
    (DAY, CASH, OWN),
)
_CASH_BALANCES_MOVEMENTS: Final = """
SELECT day, cash, SUM(own) AS own
FROM (
    SELECT day, cash, own FROM opening_cash
    UNION ALL
    SELECT day, cash, own FROM register_cash
)
GROUP BY day, cash
ORDER BY day, cash
"""

REGISTERS: Final = {
    _SALES: _SALES_MOVEMENTS,
    _PURCHASES: _PURCHASES_MOVEMENTS,
    _STOCK: _STOCK_MOVEMENTS,
    _RECEIVABLES: _RECEIVABLES_MOVEMENTS,
    _PAYABLES: _PAYABLES_MOVEMENTS,
    _CASH: _CASH_MOVEMENTS,
    _CASH_BALANCES: _CASH_BALANCES_MOVEMENTS,
}
REGISTER_TABLES: Final = tuple(REGISTERS)


def fill_registers(db: sqlite3.Connection) -> None:
    """Create and fill every register of a database that holds the documents."""
    for table, movements in REGISTERS.items():
        db.execute(create_statement(table))
        db.execute(f"INSERT INTO {table.name} {movements}")
    db.executescript(STOCK_LEVELS)
