"""The opening balances: what the company had and owed at the end of the day before its books."""

from collections.abc import Sequence
from random import Random
from typing import Final

from onecgw.demo.simulation.assortment import expected_sales
from onecgw.demo.simulation.calendar import DAYS_A_MONTH, Calendar
from onecgw.demo.simulation.cash_ledger import in_currency
from onecgw.demo.simulation.catalogue_entries import Cash
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.journal import Journal
from onecgw.demo.simulation.purchase_planner import PurchasePlanner
from onecgw.demo.simulation.rounding import divide
from onecgw.demo.simulation.segment_sampler import SegmentSampler
from onecgw.demo.simulation.settlements import Settlements
from onecgw.demo.simulation.stock_ledger import StockLedger

# Customers pay later than agreed, by so much on the average.
_LATE_FACTOR: Final = 1.15
_BANK_MONTHS: Final = 1.7
_DESK_BASE: Final = 20_000_00
# The stock of the two products without regular sales, thousandths of a unit.
_SLEEPING_QTY: Final = 14_000


def monthly_sales(
    company: Company, samplers: Sequence[SegmentSampler], stock_ledger: StockLedger
) -> dict[int, float]:
    """What each firm is expected to sell in an average month incl. VAT, kopecks."""
    sales = {firm.id: 0.0 for firm in company.firms}
    for sampler in samplers:
        sales[sampler.firm.id] += _daily_sales(company, sampler, stock_ledger) * DAYS_A_MONTH
    return sales


def open_stock(
    *,
    rng: Random,
    calendar: Calendar,
    stock_ledger: StockLedger,
    purchase_planner: PurchasePlanner,
    journal: Journal,
) -> None:
    """Fill every stock item to half or all of its target."""
    day = calendar.opening_day
    cover_days = purchase_planner.cover_days(day)
    rows = []
    for item in stock_ledger.items.values():
        qty = _SLEEPING_QTY
        if item.product.popularity > 0:
            step = item.product.step
            filled = item.target_qty(cover_days) * rng.uniform(0.5, 1.0)
            qty = max(step, int(filled) // step * step)
        cost = divide(qty * item.unit_price, 1000) * item.rate
        item.receive(qty, cost)
        rows.append((day.isoformat(), item.warehouse.id, item.product.id, qty, cost))
    journal.write_opening("opening_stock", rows)


def open_settlements(
    *,
    company: Company,
    calendar: Calendar,
    stock_ledger: StockLedger,
    samplers: Sequence[SegmentSampler],
    settlements: Settlements,
    journal: Journal,
) -> None:
    """Wholesale customers owe us, and we owe suppliers, about what the terms of payment allow."""
    day = calendar.opening_day
    _open_receivables(company, calendar, stock_ledger, samplers=samplers, settlements=settlements)
    _open_payables(company, calendar, stock_ledger, settlements)
    for table, balances in (
        ("opening_receivables", settlements.receivable),
        ("opening_payables", settlements.payable),
    ):
        rows = [(day.isoformat(), *key, amount) for key, amount in balances.items()]
        journal.write_opening(table, rows)


def open_cash(
    *, company: Company, calendar: Calendar, settlements: Settlements, sales: dict[int, float],
    journal: Journal,
) -> None:  # fmt: skip
    """The banks hold well over a month's sales, the desks some change."""
    rows = []
    for desk in company.cash:
        own = _DESK_BASE // desk.rate
        if desk.purpose == "bank":
            own = in_currency(sales[desk.firm] * _BANK_MONTHS, desk) // desk.rate
        settlements.cash_ledger.own[desk.id] = own
        rows.append((calendar.opening_day.isoformat(), desk.id, own, _base(own, desk)))
    journal.write_opening("opening_cash", rows)


def _base(own: int, desk: Cash) -> int:
    return own * desk.rate


def _daily_sales(company: Company, sampler: SegmentSampler, stock_ledger: StockLedger) -> float:
    vat = sampler.firm.vat_percent
    return sum(
        qty * item.sale_price(vat, 0) * item.rate / 1000
        for item, qty in expected_sales(company, sampler.segment, stock_ledger)
    )


def _open_receivables(
    company: Company,
    calendar: Calendar,
    stock_ledger: StockLedger,
    *,
    samplers: Sequence[SegmentSampler],
    settlements: Settlements,
) -> None:
    owed: dict[tuple[int, int], float] = {}
    for sampler in samplers:
        if not sampler.segment.wholesale:
            continue
        sales = _daily_sales(company, sampler, stock_ledger)
        for customer in sampler.customers:
            if customer.terms_days and customer.created < calendar.first_day:
                key = (sampler.firm.id, customer.id)
                days = customer.terms_days * _LATE_FACTOR
                amount = sales * sampler.expected_share(customer) * days
                owed[key] = owed.get(key, 0.0) + amount
    firms = {firm.id: firm for firm in company.firms}
    partners = {partner.id: partner for partner in company.partners}
    for (firm_id, customer_id), amount in sorted(owed.items()):
        firm = firms[firm_id]
        rounded = divide(round(amount), firm.rate) * firm.rate
        settlements.owe_us(firm, partners[customer_id], rounded, calendar.opening_day)


def _open_payables(
    company: Company, calendar: Calendar, stock_ledger: StockLedger, settlements: Settlements
) -> None:
    firms = {firm.id: firm for firm in company.firms}
    partners = {partner.id: partner for partner in company.partners}
    owed: dict[tuple[int, int], float] = {}
    for item in stock_ledger.items.values():
        if item.product.popularity > 0 and item.source is None:
            firm = firms[item.warehouse.firm]
            supplier = partners[item.product.supplier]
            daily = item.daily_qty * item.unit_price * item.rate / 1000
            amount = daily * (100 + firm.vat_percent) / 100 * (supplier.terms_days or 0)
            key = (firm.id, supplier.id)
            owed[key] = owed.get(key, 0.0) + amount
    for (firm_id, supplier_id), amount in sorted(owed.items()):
        firm = firms[firm_id]
        rounded = divide(round(amount), firm.rate) * firm.rate
        if rounded > 0:
            settlements.owe_them(firm, partners[supplier_id], rounded, calendar.opening_day)
