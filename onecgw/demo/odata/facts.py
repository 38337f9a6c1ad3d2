"""The movements of every register, drawn once from the documents of the books."""

import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from onecgw.demo.books import Books
from onecgw.demo.odata.model import DOCUMENT_KINDS, EntitySet, Schema
from onecgw.demo.odata.sql_functions import add_functions
from onecgw.demo.simulation.catalogue_tables import CATALOGUE_TABLES
from onecgw.demo.simulation.document_tables import DOCUMENT_TABLES
from onecgw.demo.simulation.tables import create_statement

(
    OPENING,
    PURCHASE,
    PURCHASE_RETURN,
    TRANSFER,
    SALE,
    SALE_RETURN,
    CASH_IN,
    CASH_OUT,
    CASH_TRANSFER,
) = DOCUMENT_KINDS.values()
_TIMES: Final[Mapping[int, str]] = {
    OPENING: "23:59:59",
    PURCHASE: "09:00:00",
    PURCHASE_RETURN: "10:00:00",
    TRANSFER: "11:00:00",
    SALE: "12:00:00",
    SALE_RETURN: "13:00:00",
    CASH_IN: "17:00:00",
    CASH_OUT: "17:30:00",
    CASH_TRANSFER: "18:00:00",
}
_HEADERS: Final = ("sales", "purchases", "stock_transfers", "cash_documents", "cash_transfers")


def at(kind: int, day: str = "day") -> str:
    """SQL of the moment of a document of a kind."""
    return f"{day} || 'T{_TIMES[kind]}'"


def _signed(column: str) -> str:
    return f"CASE WHEN return_of IS NULL THEN {column} ELSE -{column} END AS {column}"


_KEYS: Final = """
CREATE TABLE product_keys (id INTEGER PRIMARY KEY, key_product INT, key_warehouse INT);
INSERT INTO product_keys (key_product, key_warehouse)
SELECT product, warehouse FROM books.opening_stock
UNION SELECT product, warehouse FROM books.sale_lines JOIN books.sales ON sales.id = sale
UNION SELECT product, warehouse FROM books.purchase_lines
    JOIN books.purchases ON purchases.id = purchase
UNION SELECT product, warehouse_from FROM books.stock_transfer_lines
    JOIN books.stock_transfers ON stock_transfers.id = transfer
UNION SELECT product, warehouse_to FROM books.stock_transfer_lines
    JOIN books.stock_transfers ON stock_transfers.id = transfer;
CREATE UNIQUE INDEX product_keys_of ON product_keys (key_product, key_warehouse);
CREATE TABLE partner_keys (id INTEGER PRIMARY KEY, key_firm INT, key_partner INT);
INSERT INTO partner_keys (key_firm, key_partner)
SELECT firm, customer FROM books.sales
UNION SELECT firm, supplier FROM books.purchases
UNION SELECT firm, customer FROM books.opening_receivables
UNION SELECT firm, supplier FROM books.opening_payables
UNION SELECT cash.firm, partner FROM books.cash_documents JOIN books.cash ON cash.id = cash
    WHERE partner IS NOT NULL;
CREATE UNIQUE INDEX partner_keys_of ON partner_keys (key_firm, key_partner);
"""


def _lines(table: str, line: str, document: str, partner: str, kinds: tuple[int, int]) -> str:
    """The statement of sales or of purchases, returns with a minus."""
    normal, returned = kinds
    numbers = f"ROW_NUMBER() OVER (PARTITION BY {document} ORDER BY lines.rowid)"
    seller = "seller" if table == "sales" else "NULL"
    cost = "cost" if table == "sales" else "amount - vat"
    return f"""
CREATE TABLE {table}_facts AS
SELECT
    CASE WHEN return_of IS NULL THEN {at(normal)} ELSE {at(returned)} END AS period,
    CASE WHEN return_of IS NULL THEN {normal} ELSE {returned} END AS doc_kind,
    headers.id AS doc, {numbers} AS line, firm AS firm_id, warehouse AS warehouse_id,
    {partner} AS partner_id, {seller} AS seller_id, product AS product_id,
    products.parent AS group_id, product_keys.id AS product_key, partner_keys.id AS partner_key,
    {_signed("qty")}, {_signed("amount")}, {_signed("vat")},
    CASE WHEN return_of IS NULL THEN {cost} ELSE -({cost}) END AS cost
FROM books.{line} AS lines
JOIN books.{table} AS headers ON headers.id = {document}
JOIN books.products ON products.id = product
JOIN product_keys ON key_product = product AND key_warehouse = warehouse
JOIN partner_keys ON key_firm = firm AND key_partner = {partner}
ORDER BY period, doc, line;
"""  # noqa: S608 - names that stand below


_STOCK: Final = f"""
CREATE TABLE stock_facts AS
SELECT *, key_product AS product_id, key_warehouse AS warehouse_id, firm AS firm_id,
    CASE WHEN qty < 0 OR (qty = 0 AND cost < 0) THEN -1 ELSE 1 END AS flow
FROM (
    SELECT {at(OPENING)} AS period, {OPENING} AS doc_kind, 1 AS doc, opening.rowid AS line,
        product_keys.id AS product_key, qty, cost
    FROM books.opening_stock AS opening
    JOIN product_keys ON key_product = product AND key_warehouse = warehouse
    UNION ALL
    SELECT period, doc_kind, doc, line, product_key, qty, cost FROM purchases_facts
    UNION ALL
    SELECT period, doc_kind, doc, line, product_key, -qty, -cost FROM sales_facts
    UNION ALL
    SELECT {at(TRANSFER)}, {TRANSFER}, transfer, 2 * lines.rowid, product_keys.id, -qty, -cost
    FROM books.stock_transfer_lines AS lines
    JOIN books.stock_transfers AS headers ON headers.id = transfer
    JOIN product_keys ON key_product = product AND key_warehouse = warehouse_from
    UNION ALL
    SELECT {at(TRANSFER)}, {TRANSFER}, transfer, 2 * lines.rowid + 1, product_keys.id, qty, cost
    FROM books.stock_transfer_lines AS lines
    JOIN books.stock_transfers AS headers ON headers.id = transfer
    JOIN product_keys ON key_product = product AND key_warehouse = warehouse_to
) AS moves
JOIN product_keys ON product_keys.id = product_key
JOIN books.warehouses ON warehouses.id = key_warehouse
ORDER BY period;
"""  # noqa: S608 - constants

_CASH: Final = f"""
CREATE TABLE cash_facts AS
SELECT moves.*, cash.firm AS firm_id, partner_keys.id AS partner_key,
    CASE WHEN amount < 0 THEN -1 ELSE 1 END AS flow
FROM (
    SELECT {at(OPENING)} AS period, {OPENING} AS doc_kind, 2 AS doc, opening.rowid AS line,
        cash AS cash_id, NULL AS operation_id, NULL AS partner_id, NULL AS article_id,
        NULL AS other_cash_id, own, amount
    FROM books.opening_cash AS opening
    UNION ALL
    SELECT CASE direction WHEN 'in' THEN {at(CASH_IN)} ELSE {at(CASH_OUT)} END,
        CASE direction WHEN 'in' THEN {CASH_IN} ELSE {CASH_OUT} END, id, 1, cash, operation,
        partner, cost_article, NULL, CASE direction WHEN 'in' THEN own ELSE -own END,
        CASE direction WHEN 'in' THEN amount ELSE -amount END
    FROM books.cash_documents
    UNION ALL
    SELECT {at(CASH_TRANSFER)}, {CASH_TRANSFER}, id, 1, cash_from,
        (SELECT id FROM books.operations WHERE label = 'Перемещение денег: расход'), NULL, NULL,
        cash_to, -own_from, -amount
    FROM books.cash_transfers
    UNION ALL
    SELECT {at(CASH_TRANSFER)}, {CASH_TRANSFER}, id, 2, cash_to,
        (SELECT id FROM books.operations WHERE label = 'Перемещение денег: приход'), NULL, NULL,
        cash_from, own_to, amount
    FROM books.cash_transfers
) AS moves
JOIN books.cash ON cash.id = cash_id
LEFT JOIN partner_keys ON key_firm = cash.firm AND key_partner = moves.partner_id
ORDER BY period, doc, line;
"""  # noqa: S608 - constants


def _settlements(name: str, *, opening: str, partner: str, facts: str, operations: str) -> str:
    """Debts and prepayments, each with movements of its own, so that neither is ever below zero.

    What a document changes goes to the debt or to the prepayment by the balance that the partner
    has with the firm before and after it; the two never stand side by side. One document makes a
    movement of each at most: line 1 is of the debt, line 2 of the prepayment.
    """
    return f"""
CREATE TABLE {name}_changes AS
WITH changes AS (
    SELECT {at(OPENING)} AS period, {OPENING} AS doc_kind, 3 AS doc, partner_keys.id AS partner_key,
        amount AS change
    FROM books.{opening} JOIN partner_keys ON key_firm = firm AND key_partner = {partner}
    UNION ALL
    SELECT period, doc_kind, doc, partner_key, SUM(amount) FROM {facts} GROUP BY doc_kind, doc
    UNION ALL
    SELECT period, doc_kind, doc, partner_key, {"-" if name == "receivables" else ""}amount
    FROM cash_facts JOIN books.operations ON operations.id = operation_id
    WHERE operations.label IN ({operations})
), balances AS (
    SELECT *, SUM(change) OVER (
        PARTITION BY partner_key ORDER BY period, doc_kind, doc ROWS UNBOUNDED PRECEDING
    ) AS after
    FROM changes
)
SELECT balances.*, key_firm AS firm_id, key_partner AS partner_id,
    MAX(after, 0) - MAX(after - change, 0) AS debt,
    MAX(-after, 0) - MAX(change - after, 0) AS prepayment
FROM balances JOIN partner_keys ON partner_keys.id = partner_key
ORDER BY period, doc;
CREATE TABLE {name}_facts AS
SELECT period, doc_kind, doc, line, partner_key, firm_id, partner_id, debt, prepayment,
    debt / rate AS debt_own, prepayment / rate AS prepayment_own,
    CASE WHEN debt + prepayment < 0 THEN -1 ELSE 1 END AS flow
FROM (
    SELECT period, doc_kind, doc, 1 AS line, partner_key, firm_id, partner_id, debt,
        0 AS prepayment
    FROM {name}_changes WHERE debt <> 0
    UNION ALL
    SELECT period, doc_kind, doc, 2, partner_key, firm_id, partner_id, 0, prepayment
    FROM {name}_changes WHERE prepayment <> 0
) JOIN books.firms ON firms.id = firm_id
ORDER BY period, doc, line;
"""  # noqa: S608 - names that stand below


_FACTS: Final = (
    _KEYS,
    _lines("sales", "sale_lines", "sale", "customer", (SALE, SALE_RETURN)),
    _lines("purchases", "purchase_lines", "purchase", "supplier", (PURCHASE, PURCHASE_RETURN)),
    _STOCK,
    _CASH,
    _settlements(
        "receivables",
        opening="opening_receivables",
        partner="customer",
        facts="sales_facts",
        operations="'Оплата від покупця', 'Розничная выручка', 'Повернення коштів покупцю'",
    ),
    _settlements(
        "payables",
        opening="opening_payables",
        partner="supplier",
        facts="purchases_facts",
        operations="'Оплата поставщику', 'Повернення коштів від постачальника'",
    ),
    """
CREATE TABLE rates AS
SELECT DISTINCT day || 'T00:00:00' AS period, currency, rate FROM books.opening_cash
JOIN books.cash ON cash.id = cash;
""",
)


class Store:
    """The database of the interface: read by many threads, gone with the object."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that nothing else uses meanwhile."""
        with self._lock:
            db = self._idle.pop() if self._idle else None
        if db is None:
            db = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            add_functions(db)
        try:
            yield db
        finally:
            with self._lock:
                self._idle.append(db)


def build_store(books: Books, schema: Schema, setup: str) -> Store:
    """Write the movements and the entity sets of a configuration into a temporary file.

    Args:
        books: where the documents are.
        schema: the sets, each of which becomes a table or a view.
        setup: SQL of what the sets of this configuration need besides.
    """
    folder = Path(tempfile.mkdtemp(prefix="onecgw-odata-"))
    path = folder / "face.sqlite"
    try:
        with closing(sqlite3.connect(path, uri=True)) as db:
            # The file is worthless until it is whole, so nothing is journalled or synced.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            add_functions(db)
            source = f"{books.path.absolute().as_uri()}?mode=ro&immutable=1"
            db.execute("ATTACH ? AS books", (source,))
            for table in (*CATALOGUE_TABLES, *DOCUMENT_TABLES):
                if table in CATALOGUE_TABLES or table.name in _HEADERS:
                    db.execute(create_statement(table))
                    db.execute(f"INSERT INTO main.{table.name} SELECT * FROM books.{table.name}")  # noqa: S608 - names of ours
            for script in (*_FACTS, setup):
                db.executescript(script)
            facts = db.execute("SELECT name FROM sqlite_master WHERE name GLOB '*_facts'")
            for (name,) in facts.fetchall():
                db.execute(f"CREATE INDEX {name}_by_period ON {name} (period)")
            for one in schema.sets.values():
                _publish(db, one)
            db.commit()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    store = Store(path)
    weakref.finalize(store, shutil.rmtree, folder, ignore_errors=True)
    return store


def _publish(db: sqlite3.Connection, one: EntitySet) -> None:
    """Make the table or the view of an entity set, with its properties as columns."""
    columns = ", ".join(f'{column.sql} AS "{column.name}"' for column in one.columns)
    kind = "TABLE" if one.stored else "VIEW"
    db.execute(f'CREATE {kind} "{one.name}" AS SELECT {columns} FROM {one.source}')  # noqa: S608 - names of a configuration
    if one.stored:
        keys = ", ".join(f'"{key}"' for key in one.keys)
        db.execute(f'CREATE UNIQUE INDEX "{one.name}_key" ON "{one.name}" ({keys})')
