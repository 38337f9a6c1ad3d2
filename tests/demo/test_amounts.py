"""Amounts of fifteen significant digits come out of the books as they went in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from onecgw.demo.books import Books
from onecgw.demo.simulation.books_writer import create_tables
from onecgw.demo.simulation.catalogue_tables import CATALOGUE_TABLES
from onecgw.demo.simulation.document_tables import DOCUMENT_TABLES
from onecgw.demo.simulation.registers import fill_registers
from tests.builders.demo_queries import TODAY, ask, call
from tests.builders.demo_server import client_in_memory

DAY = TODAY.isoformat()
PERIOD = {"from": DAY, "to": DAY}
LONG = Decimal("9999999999999.99")
VAT = Decimal("1666666666666.67")
COST = Decimal("7777777777777.77")
SALE, DOCUMENT, QTY = 10**9, 10**9, 7000


def kopecks(amount: Decimal) -> int:
    return int(amount.scaleb(2))


@pytest.fixture(scope="module")
def rich(small_books: Books, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """The small books with one sale and one payment of fifteen digits on their last day."""
    path: Path = tmp_path_factory.mktemp("rich") / "books.sqlite"
    with closing(sqlite3.connect(path)) as db:
        create_tables(db)
        db.execute("ATTACH ? AS small", (str(small_books.path),))
        for name in ("facts", *(table.name for table in (*CATALOGUE_TABLES, *DOCUMENT_TABLES))):
            db.execute(f"INSERT INTO {name} SELECT * FROM small.{name}")  # noqa: S608 - our tables
        (first,) = db.execute("SELECT MIN(id) FROM sales WHERE firm = 1").fetchone()
        db.execute(
            """
            INSERT INTO sales
            SELECT ?, ?, 'РН-long', NULL, firm, warehouse, customer, seller, channel
            FROM sales WHERE id = ?
            """,
            (SALE, DAY, first),
        )
        db.execute(
            "INSERT INTO sale_lines SELECT ?, product, ?, ?, ?, ? FROM sale_lines WHERE sale = ?"
            " LIMIT 1",
            (SALE, QTY, *map(kopecks, (LONG, VAT, COST)), first),
        )
        db.execute(
            """
            INSERT INTO cash_documents
            SELECT ?, ?, 'ДС-long', operations.id, cash.id, 'in', ?, ?, customer, NULL
            FROM sales, cash, operations
            WHERE sales.id = ? AND cash.label = 'Поточний рахунок UAH'
                AND operations.label = 'Оплата від покупця'
            """,
            (DOCUMENT, DAY, kopecks(LONG), kopecks(LONG), first),
        )
        db.commit()
        db.execute("DETACH small")
        fill_registers(db)
        db.commit()
    with Books(path) as books:
        yield books


def change(rich: Books, small: Books, report: str, measure: str, **body: Any) -> Decimal:
    """By how much the long documents change a total."""
    after, before = (
        ask(books, report, measures=[measure], **body).totals[measure] for books in (rich, small)
    )
    return Decimal(after - before)


def test_every_total_changes_by_the_long_amount_to_the_kopeck(
    rich: Books, small_books: Books
) -> None:
    both = (rich, small_books)
    assert change(*both, "sales", "amount", period=PERIOD) == LONG
    assert change(*both, "sales", "cost", period=PERIOD) == COST
    assert change(*both, "sales", "profit", period=PERIOD) == LONG - VAT - COST
    assert change(*both, "cash_flow", "inflow", period=PERIOD) == LONG
    assert change(*both, "cash_balance", "balance_base", date=DAY) == LONG
    assert change(*both, "stock", "amount", date=DAY) == -COST
    assert change(*both, "receivables", "net", date=DAY) == 0


def test_row_and_card_have_the_long_amount(rich: Books) -> None:
    best = ask(rich, "sales", period=PERIOD, group_by=["customer"], top=1)
    assert best.rows[0][best.names.index("amount")] >= LONG
    card = call(
        rich, "reports/customer_summary", customer_id=best.column("customer")[0], period=PERIOD
    )
    assert card["totals"]["amount"] == best.column("amount")[0]


async def test_long_amount_is_in_the_answer_digit_by_digit(rich: Books) -> None:
    (amount,) = ask(rich, "top_products", period=PERIOD, by="amount", top=1).column("amount")
    assert amount >= LONG
    async with client_in_memory(rich) as client:
        response = await client.post(
            "/mcp/reports/top_products", json={"period": PERIOD, "by": "amount", "top": 1}
        )
    assert f"{amount:f}" in response.text
    assert len(f"{amount:f}".replace(".", "")) >= 15
