"""The opening balances: what the company had and owed at the end of the day before its books."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from onecgw.demo.simulation.assortment import expected_sales
from onecgw.demo.simulation.calendar import DAYS_A_MONTH
from onecgw.demo.simulation.cash_ledger import CashLedger, in_currency
from onecgw.demo.simulation.context import Context
from onecgw.demo.simulation.rounding import divide
from onecgw.demo.simulation.segment_sampler import SegmentSampler
from onecgw.demo.simulation.settlements import Pair, Settlements

# Customers pay later than agreed, by so much on the average.
_LATE_FACTOR: Final = 1.15
_BANK_MONTHS: Final = 1.7
_DESK_BASE: Final = 20_000_00
# The stock of the two products without regular sales, thousandths of a unit.
_SLEEPING_QTY: Final = 14_000


def monthly_sales(context: Context, samplers: Sequence[SegmentSampler]) -> dict[int, float]:
    """What each firm is expected to sell in an average month incl. VAT, kopecks."""
    sales = {firm.id: 0.0 for firm in context.company.firms}
    for sampler in samplers:
        sales[sampler.firm.id] += _daily_sales(context, sampler) * DAYS_A_MONTH
    return sales


def open_stock(context: Context, cover_days: float) -> None:
    """Fill every stock item to half or all of its target, which is for so many days."""
    day = context.calendar.opening_day.isoformat()
    rows = []
    for item in context.stock_ledger.items.values():
        qty = _SLEEPING_QTY
        if item.product.popularity > 0:
            step = item.product.step
            filled = item.target_qty(cover_days) * context.rng.uniform(0.5, 1.0)
            qty = max(step, int(filled) // step * step)
        cost = divide(qty * item.unit_price, 1000) * item.rate
        item.receive(qty, cost)
        rows.append((day, item.warehouse.id, item.product.id, qty, cost))
    context.journal.write_opening("opening_stock", rows)


def open_settlements(
    context: Context, samplers: Sequence[SegmentSampler], settlements: Settlements
) -> None:
    """Wholesale customers owe us, and we owe suppliers, about what the terms of payment allow."""
    day = context.calendar.opening_day
    for table, debts, owed in (
        ("opening_receivables", settlements.receivables, _owed_to_us(context, samplers)),
        ("opening_payables", settlements.payables, _owed_by_us(context)),
    ):
        for (firm, partner), amount in sorted(owed.items()):
            rounded = in_currency(amount, context.company.desk(firm, "bank"))
            if rounded > 0:
                settlements.open(debts, (firm, partner), rounded, day)
        rows = [(day.isoformat(), *pair, amount) for pair, amount in debts.balances.items()]
        context.journal.write_opening(table, rows)


def open_cash(context: Context, cash_ledger: CashLedger, sales: dict[int, float]) -> None:
    """The banks hold well over a month's sales, the desks some change."""
    rows = []
    for desk in context.company.cash:
        own = _DESK_BASE // desk.rate
        if desk.purpose == "bank":
            own = in_currency(sales[desk.firm] * _BANK_MONTHS, desk) // desk.rate
        cash_ledger.own[desk.id] = own
        opening_day = context.calendar.opening_day.isoformat()
        rows.append((opening_day, desk.id, own, cash_ledger.balance(desk)))
    context.journal.write_opening("opening_cash", rows)


def _daily_sales(context: Context, sampler: SegmentSampler) -> float:
    vat = sampler.firm.vat_percent
    return sum(
        qty * item.sale_price(vat, 0) * item.rate / 1000
        for item, qty in expected_sales(context.company, sampler.segment, context.stock_ledger)
    )


def _owed_to_us(context: Context, samplers: Sequence[SegmentSampler]) -> dict[Pair, float]:
    owed: dict[Pair, float] = defaultdict(float)
    for sampler in samplers:
        if not sampler.segment.wholesale:
            continue
        sales = _daily_sales(context, sampler)
        for customer in sampler.customers:
            if customer.terms_days and customer.created < context.calendar.first_day:
                days = customer.terms_days * _LATE_FACTOR
                share = sampler.expected_share(customer)
                owed[sampler.firm.id, customer.id] += sales * share * days
    return owed


def _owed_by_us(context: Context) -> dict[Pair, float]:
    owed: dict[Pair, float] = defaultdict(float)
    for item in context.stock_ledger.items.values():
        if item.product.popularity > 0 and item.source is None:
            firm = context.company.firm(item.warehouse.firm)
            supplier = context.company.partner(item.product.supplier)
            daily = item.daily_qty * item.unit_price * item.rate / 1000
            amount = daily * (100 + firm.vat_percent) / 100 * (supplier.terms_days or 0)
            owed[firm.id, supplier.id] += amount
    return owed
