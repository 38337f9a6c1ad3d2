"""The whole bookkeeping: opening balances, two years of documents, registers."""

import sqlite3
from collections.abc import Callable
from datetime import date
from random import Random

from onecgw.demo.simulation.assortment import stock_assortment
from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.catalogue_tables import CATALOGUE_TABLES
from onecgw.demo.simulation.company import SIZES, Company, SizeName, draw_company
from onecgw.demo.simulation.context import Context
from onecgw.demo.simulation.document_tables import DOCUMENT_TABLES
from onecgw.demo.simulation.journal import Journal
from onecgw.demo.simulation.opening_balances import (
    monthly_sales,
    open_cash,
    open_settlements,
    open_stock,
)
from onecgw.demo.simulation.overstock import CashCycle
from onecgw.demo.simulation.purchase_planner import PurchasePlanner
from onecgw.demo.simulation.registers import fill_registers
from onecgw.demo.simulation.sales_segments import SEGMENTS
from onecgw.demo.simulation.sales_simulator import SalesSimulator
from onecgw.demo.simulation.segment_sampler import SegmentSampler
from onecgw.demo.simulation.settlements import Settlements
from onecgw.demo.simulation.shipments import SHIPMENTS
from onecgw.demo.simulation.tables import create_statement, insert_statement


def write_books(
    db: sqlite3.Connection,
    *,
    size: SizeName,
    seed: int,
    today: date,
    progress: Callable[[str], None],
) -> None:
    """Fill an empty database; the same arguments write the same books."""
    create_tables(db)
    rng = Random(f"onecgw demo {seed} {size}")  # noqa: S311 - reproducible figures, no secrets
    calendar = Calendar(today=today)
    company = draw_company(rng, SIZES[size], calendar)
    _write_catalogues(db, company)
    facts = (("size", size), ("seed", str(seed)), ("today", today.isoformat()))
    db.executemany("INSERT INTO facts VALUES (?, ?)", facts)
    context = Context(
        rng=rng,
        company=company,
        calendar=calendar,
        stock_ledger=stock_assortment(rng, company),
        journal=Journal(db),
    )
    _write_documents(context, progress)
    db.executescript(SHIPMENTS)
    progress("registers")
    fill_registers(db)
    db.commit()


def create_tables(db: sqlite3.Connection) -> None:
    """Create the tables that are written; the registers are drawn from them."""
    db.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT)")
    for table in (*CATALOGUE_TABLES, *DOCUMENT_TABLES):
        db.execute(create_statement(table))


def _write_documents(context: Context, progress: Callable[[str], None]) -> None:
    samplers = [SegmentSampler(context, segment) for segment in SEGMENTS]
    sales = monthly_sales(context, samplers)
    settlements = Settlements(context, sales)
    cash_cycle = CashCycle()
    purchase_planner = PurchasePlanner(context, cash_cycle)
    sales_simulator = SalesSimulator(context, samplers)
    open_stock(context, purchase_planner.cover_days(context.calendar.opening_day))
    open_settlements(context, samplers, settlements)
    open_cash(context, settlements.cash_ledger, sales)
    stock = context.stock_ledger.cost
    for day in context.calendar.days:
        if day.day == 1:
            progress(f"{day:%Y-%m}")
            context.journal.flush()
        bought = purchase_planner.run_day(day)
        sold = sales_simulator.run_day(day)
        settlements.settle(day, sold, bought)
        cost = sum(one.cost for one in sold)
        stock += sum(one.amount - one.vat for one in bought) - cost
        sales_amount = sum(one.amount for one in sold)
        purchases_amount = sum(one.amount for one in bought)
        cash_cycle.stock.note(day, stock, cost)
        cash_cycle.receivables.note(day, settlements.receivables.total, sales_amount)
        cash_cycle.payables.note(day, settlements.payables.total, purchases_amount)
    context.journal.flush()


def _write_catalogues(db: sqlite3.Connection, company: Company) -> None:
    for table in CATALOGUE_TABLES:
        names = [column.name for column in table.columns]
        entries = getattr(company, table.name)
        db.executemany(
            insert_statement(table),
            [[_stored(getattr(entry, name)) for name in names] for entry in entries],
        )


def _stored(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
