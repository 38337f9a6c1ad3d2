"""The whole bookkeeping: opening balances, two years of documents, registers."""

import sqlite3
from collections.abc import Callable
from datetime import date
from random import Random

from onecgw.demo.simulation.assortment import stock_assortment
from onecgw.demo.simulation.calendar import Calendar
from onecgw.demo.simulation.catalogue_tables import CATALOGUE_TABLES
from onecgw.demo.simulation.company import SIZES, Company, SizeName, draw_company
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
from onecgw.demo.simulation.tables import create_statement
from onecgw.demo.simulation.turnover import Turnover


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
    _write_facts(db, size=size, seed=seed, calendar=calendar)
    _write_documents(Journal(db), rng=rng, company=company, calendar=calendar, progress=progress)
    db.executescript(SHIPMENTS)
    progress("registers")
    fill_registers(db)
    db.commit()


def create_tables(db: sqlite3.Connection) -> None:
    """Create the tables that are written; the registers are drawn from them."""
    db.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT)")
    for table in (*CATALOGUE_TABLES, *DOCUMENT_TABLES):
        db.execute(create_statement(table))


def _write_documents(
    journal: Journal,
    *,
    rng: Random,
    company: Company,
    calendar: Calendar,
    progress: Callable[[str], None],
) -> None:
    stock_ledger = stock_assortment(rng, company)
    samplers = [
        SegmentSampler(rng=rng, company=company, segment=segment, stock_ledger=stock_ledger)
        for segment in SEGMENTS
    ]
    sales = monthly_sales(company, samplers, stock_ledger)
    settlements = Settlements(
        rng=rng, company=company, calendar=calendar, journal=journal, monthly_sales=sales
    )
    cash_cycle = CashCycle(
        stock=Turnover(),
        receivables=Turnover(),
        payables=Turnover(),
    )
    purchase_planner = PurchasePlanner(
        rng=rng,
        company=company,
        calendar=calendar,
        stock_ledger=stock_ledger,
        cash_cycle=cash_cycle,
        journal=journal,
    )
    sales_simulator = SalesSimulator(
        rng=rng, calendar=calendar, stock_ledger=stock_ledger, samplers=samplers, journal=journal
    )
    open_stock(
        rng=rng,
        calendar=calendar,
        stock_ledger=stock_ledger,
        purchase_planner=purchase_planner,
        journal=journal,
    )
    open_settlements(
        company=company,
        calendar=calendar,
        stock_ledger=stock_ledger,
        samplers=samplers,
        settlements=settlements,
        journal=journal,
    )
    open_cash(
        company=company, calendar=calendar, settlements=settlements, sales=sales, journal=journal
    )
    stock = stock_ledger.cost
    for day in calendar.days:
        if day.day == 1:
            progress(f"{day:%Y-%m}")
            journal.flush()
        bought = purchase_planner.run_day(day)
        sold = sales_simulator.run_day(day)
        settlements.settle(day, sold, bought)
        cost = sum(one.cost for one in sold)
        stock += sum(one.amount - one.vat for one in bought) - cost
        cash_cycle.stock.note(day, stock, cost)
        cash_cycle.receivables.note(day, settlements.owed_to_us, sum(one.amount for one in sold))
        cash_cycle.payables.note(day, settlements.owed_by_us, sum(one.amount for one in bought))
    journal.flush()


def _write_catalogues(db: sqlite3.Connection, company: Company) -> None:
    for table in CATALOGUE_TABLES:
        names = [column.name for column in table.columns]
        rows = [
            tuple(_stored(getattr(entry, name)) for name in names)
            for entry in getattr(company, table.name)
        ]
        places = ",".join("?" * len(names))
        db.executemany(
            f"INSERT INTO {table.name} VALUES ({places})",  # noqa: S608 - our own table names
            rows,
        )


def _stored(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _write_facts(db: sqlite3.Connection, *, size: SizeName, seed: int, calendar: Calendar) -> None:
    facts = {
        "size": size,
        "seed": str(seed),
        "today": calendar.today.isoformat(),
        "first_day": calendar.first_day.isoformat(),
        "scenario_from": calendar.scenario_from.isoformat(),
        "scenario_to": calendar.scenario_to.isoformat(),
    }
    db.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
