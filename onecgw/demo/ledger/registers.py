"""The registers: what the reports read, drawn from the documents and never written by hand.

A register holds movements by day; a balance is the sum of the movements up to its day.
"""

import sqlite3
from typing import Final

# Returns stand with a minus; their `receipt` and `buyer` are empty, because a return is no receipt.
_SALES: Final = """
CREATE TABLE register_sales AS
SELECT
    sales.day, date(sales.day, '-6 days', 'weekday 1') AS week,
    date(sales.day, 'start of month') AS month, sales.firm, sales.warehouse, sales.customer,
    customer.parent AS customer_group, customer.created AS customer_created, sales.seller,
    sales.channel, line.product, product.parent AS product_group, sales.id AS document,
    CASE WHEN sales.return_of IS NULL THEN sales.id END AS receipt,
    CASE WHEN sales.return_of IS NULL THEN sales.customer END AS buyer,
    CASE WHEN sales.return_of IS NULL THEN line.qty ELSE -line.qty END AS qty,
    CASE WHEN sales.return_of IS NULL THEN line.amount ELSE -line.amount END AS amount,
    CASE WHEN sales.return_of IS NULL THEN line.vat ELSE -line.vat END AS vat,
    CASE WHEN sales.return_of IS NULL THEN line.cost ELSE -line.cost END AS cost
FROM sale_lines AS line
JOIN sales ON sales.id = line.sale
JOIN partners AS customer ON customer.id = sales.customer
JOIN products AS product ON product.id = line.product
ORDER BY line.rowid
"""

_PURCHASES: Final = """
CREATE TABLE register_purchases AS
SELECT
    purchases.day, date(purchases.day, '-6 days', 'weekday 1') AS week,
    date(purchases.day, 'start of month') AS month, purchases.firm, purchases.warehouse,
    purchases.supplier, line.product, product.parent AS product_group,
    CASE WHEN purchases.return_of IS NULL THEN line.qty ELSE -line.qty END AS qty,
    CASE WHEN purchases.return_of IS NULL THEN line.amount ELSE -line.amount END AS amount,
    CASE WHEN purchases.return_of IS NULL THEN line.vat ELSE -line.vat END AS vat
FROM purchase_lines AS line
JOIN purchases ON purchases.id = line.purchase
JOIN products AS product ON product.id = line.product
ORDER BY purchases.day, purchases.id, line.rowid
"""

_STOCK: Final = """
CREATE TABLE register_stock AS
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

# What customers owe us: sales less payments. Below zero it is their advance.
_RECEIVABLES: Final = """
CREATE TABLE register_receivables AS
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

# What we owe suppliers: purchases less payments. Below zero it is our advance.
_PAYABLES: Final = """
CREATE TABLE register_payables AS
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

# A transfer is two movements, each with the other desk as its analytics.
_CASH: Final = """
CREATE TABLE register_cash AS
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

_CASH_BALANCES: Final = """
CREATE TABLE register_cash_balances AS
SELECT day, cash, SUM(own) AS own
FROM (
    SELECT day, cash, own FROM opening_cash
    UNION ALL
    SELECT day, cash, own FROM register_cash
)
GROUP BY day, cash
ORDER BY day, cash
"""


def draw_registers(db: sqlite3.Connection) -> None:
    """Create and fill every register of a database that holds the documents."""
    for statement in (
        _SALES, _PURCHASES, _STOCK, _RECEIVABLES, _PAYABLES, _CASH, _CASH_BALANCES
    ):  # fmt: skip
        db.execute(statement)
