"""The registers: what the reports read, drawn from the documents and never written by hand.

A register holds movements by day. The registers of balances also hold totals: what stood at the
beginning of each month, so that a balance on any day is one total and a month's movements. Those
that are reported by period also hold turnovers: the same movements in the form that reads fastest.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from onecgw.demo.ledger.calendar import Calendar, month_start, week_start

# Turnovers know days, weeks and months by their numbers, from 0 for the first of the books.
_CALENDAR: Final = """
CREATE TABLE calendar (
    day TEXT PRIMARY KEY, week TEXT, month TEXT, day_number INT, week_number INT, month_number INT)
"""

# Returns stand with a minus. A receipt is counted on every line, because a document names a product
# once, and for groups of products on the first line of the group. On returns these columns and
# `buyer` are empty: a return is no receipt.
_SALES: Final = """
CREATE TABLE register_sales AS
WITH first_of_group AS (
    SELECT MIN(line.rowid)
    FROM sale_lines AS line JOIN products AS product ON product.id = line.product
    GROUP BY line.sale, product.parent
)
SELECT
    sales.day, calendar.week, calendar.month, sales.firm, sales.warehouse, sales.customer,
    customer.parent AS customer_group, customer.created AS customer_created, sales.seller,
    sales.channel, line.product, product.parent AS product_group, sales.id AS document,
    CASE WHEN sales.return_of IS NULL THEN sales.id END AS receipt_of_product,
    CASE WHEN sales.return_of IS NULL AND line.rowid IN first_of_group
        THEN sales.id END AS receipt_of_group,
    CASE WHEN sales.return_of IS NULL THEN sales.customer END AS buyer,
    CASE WHEN sales.return_of IS NULL THEN line.qty ELSE -line.qty END AS qty,
    CASE WHEN sales.return_of IS NULL THEN line.amount ELSE -line.amount END AS amount,
    CASE WHEN sales.return_of IS NULL THEN line.vat ELSE -line.vat END AS vat,
    CASE WHEN sales.return_of IS NULL THEN line.cost ELSE -line.cost END AS cost
FROM sale_lines AS line
JOIN sales ON sales.id = line.sale
JOIN calendar USING (day)
JOIN partners AS customer ON customer.id = sales.customer
JOIN products AS product ON product.id = line.product
ORDER BY line.rowid
"""

# The same by whole documents: half as many rows for the reports that do not ask about products.
_RECEIPTS: Final = """
CREATE TABLE register_receipts AS
SELECT
    day, week, month, firm, warehouse, customer, customer_group, customer_created, seller, channel,
    receipt_of_product AS receipt, buyer,
    SUM(qty) AS qty, SUM(amount) AS amount, SUM(vat) AS vat, SUM(cost) AS cost
FROM register_sales
GROUP BY document
ORDER BY document
"""

_PURCHASES: Final = """
CREATE TABLE register_purchases AS
SELECT
    purchases.day, calendar.week, calendar.month, purchases.firm, purchases.warehouse,
    purchases.supplier, line.product, product.parent AS product_group,
    CASE WHEN purchases.return_of IS NULL THEN line.qty ELSE -line.qty END AS qty,
    CASE WHEN purchases.return_of IS NULL THEN line.amount ELSE -line.amount END AS amount,
    CASE WHEN purchases.return_of IS NULL THEN line.vat ELSE -line.vat END AS vat
FROM purchase_lines AS line
JOIN purchases ON purchases.id = line.purchase
JOIN calendar USING (day)
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
    day, calendar.week, calendar.month, cash, cash.firm, operation, partner, cost_article,
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
JOIN calendar USING (day)
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

_INDEXES: Final = """
CREATE INDEX receipts_by_buyer ON register_receipts (buyer, day);
CREATE INDEX stock_by_day ON register_stock (day);
CREATE INDEX receivables_by_day ON register_receivables (day);
CREATE INDEX payables_by_day ON register_payables (day);
CREATE INDEX cash_balances_by_day ON register_cash_balances (day);
"""

# Turnovers → their register, how their rows are clustered, and what of its columns they have.
_SALES_COLUMNS: Final = """warehouse, firm, customer, customer_group, customer_created, seller,
    channel, product, product_group, receipt_of_product, receipt_of_group, buyer, qty, amount,
    amount - vat AS net, cost"""
_TURNOVERS: Final = {
    "sales": ("register_sales", "day, line", _SALES_COLUMNS),
    "sales_by_product": ("register_sales", "product, customer, day, line", _SALES_COLUMNS),
    "receipts": (
        "register_receipts",
        "day, line",
        """warehouse, firm, customer, customer_group, customer_created, seller, channel, receipt,
        buyer, qty, amount, amount - vat AS net, cost""",
    ),
    "purchases": (
        "register_purchases",
        "day, line",
        "warehouse, firm, supplier, product, product_group, qty, amount",
    ),
    "cash": (
        "register_cash",
        "day, line",
        "cash, firm, operation, partner, cost_article, other_cash, inflow, outflow",
    ),
}

# Register of movements → what its totals are kept by, and what they sum.
_TOTALS: Final = {
    "stock": ("warehouse, product", ("qty", "cost")),
    "receivables": ("firm, customer", ("amount",)),
    "payables": ("firm, supplier", ("amount",)),
    "cash_balances": ("cash", ("own",)),
}


def draw_registers(db: sqlite3.Connection, calendar: Calendar) -> None:
    """Create and fill every register of a database that holds the documents."""
    db.execute(_CALENDAR)
    db.executemany("INSERT INTO calendar VALUES (?, ?, ?, ?, ?, ?)", _numbered(calendar.days))
    for statement in (
        _SALES, _RECEIPTS, _PURCHASES, _STOCK, _RECEIVABLES, _PAYABLES, _CASH, _CASH_BALANCES
    ):  # fmt: skip
        db.execute(statement)
    for name in _TURNOVERS:
        _draw_turnovers(db, name)
    db.executescript(_INDEXES)
    months = [day for day in calendar.days if day.day == 1]
    for name in _TOTALS:
        _draw_totals(db, name, months)
    db.execute("ANALYZE")


def _numbered(days: Sequence[date]) -> Iterator[tuple[str, str, str, int, int, int]]:
    """Each day with its week and month, and the numbers of the three."""
    first = days[0]
    for number, day in enumerate(days):
        week, month = week_start(day), month_start(day)
        yield (
            day.isoformat(),
            week.isoformat(),
            month.isoformat(),
            number,
            (week - week_start(first)).days // 7,
            (month.year - first.year) * 12 + month.month - first.month,
        )


def _draw_turnovers(db: sqlite3.Connection, name: str) -> None:
    """The movements of a register in short rows of whole numbers, in the order of a report.

    A report reads a hundred rows for each one that it shows, so rows are short; it packs all that
    it groups by into one number, so days are numbers. Clustered by day, any period is one stretch
    of the table, read from end to end with no second look-up for each row. Clustered by product,
    the lines of a group stand together, and sorting them costs little or nothing.
    """
    register, cluster, columns = _TURNOVERS[name]
    names = ", ".join(column.rpartition(" AS ")[2] for column in columns.split(","))
    db.execute(
        f"""
        CREATE TABLE turnovers_{name} (
            day INT, line INT, week INT, month INT, {names}, PRIMARY KEY ({cluster})
        ) WITHOUT ROWID
        """
    )
    db.execute(
        f"""
        INSERT INTO turnovers_{name}
        SELECT day_number, register.rowid, week_number, month_number, {columns}
        FROM {register} AS register JOIN calendar USING (day)
        ORDER BY {cluster.replace("line", "register.rowid")}
        """  # noqa: S608 - the names stand above
    )


def _draw_totals(db: sqlite3.Connection, name: str, months: list[date]) -> None:
    """Each month's totals are the month before's and its movements; what is zero is left out."""
    keys, sums = _TOTALS[name]
    columns = ", ".join(sums)
    db.execute(f"CREATE TABLE totals_{name} (month TEXT, {keys}, {columns})")
    summed = ", ".join(f"SUM({column})" for column in sums)
    some = " OR ".join(f"SUM({column}) <> 0" for column in sums)
    previous = ""
    for month in months:
        db.execute(
            f"""
            INSERT INTO totals_{name}
            SELECT :month, {keys}, {summed}
            FROM (
                SELECT {keys}, {columns} FROM totals_{name} WHERE month = :previous
                UNION ALL
                SELECT {keys}, {columns} FROM register_{name}
                WHERE day >= :previous AND day < :month
            )
            GROUP BY {keys}
            HAVING {some}
            """,  # noqa: S608 - the names stand above
            {"month": month.isoformat(), "previous": previous},
        )
        db.execute(f"CREATE INDEX IF NOT EXISTS totals_of_{name} ON totals_{name} (month)")
        previous = month.isoformat()
