"""Receivables and payables, and their payments day by day."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import attrs

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import is_workday, next_workday
from onecgw.demo.simulation.cash_ledger import CashLedger, in_currency
from onecgw.demo.simulation.catalogue_drafts import named
from onecgw.demo.simulation.catalogue_entries import Firm
from onecgw.demo.simulation.context import Context
from onecgw.demo.simulation.expenses import Expenses, days_paid_on
from onecgw.demo.simulation.partner_generator import ADVANCE_ONLY
from onecgw.demo.simulation.purchase_planner import BookedPurchase
from onecgw.demo.simulation.sales_simulator import BookedSale

_CASH_SHARE_PERCENT: Final = 60
_HANDED_OVER_ON: Final = (0, 3)
_CHANGE_OWN: Final = 5_000_00
_LATE_DAYS: Final = (0, 0, 0, 1, 3, 5, 8, 12, 25)
_POSTPONED: Final = timedelta(days=2)
_DEPOSIT_ROUNDED_TO: Final = 11_000_00
_ADVANCE_ONLY_AMOUNT: Final = 250_000_00
_ADVANCE_ONLY_AFTER: Final = timedelta(days=300)
# Twice a year suppliers who are paid in advance return what was not used.
_RECONCILED_MONTHS: Final = (2, 8)
_RECONCILED_DAY: Final = 15

# The ids of a firm and a partner.
Pair = tuple[int, int]


@attrs.frozen(kw_only=True)
class Debts:
    """What partners owe the firms, or the firms owe them.

    operation: the label of the operation that pays them.
    deposit_invoices: how many invoices a deposit covers, where a partner's terms are in advance.
    late_days: by how many days payments are late, drawn evenly; empty is always in time.
    opening_parts: in how many parts an opening balance is paid.
    balances: below zero it is an advance.
    returned: what went back since the last payment, which will be so much smaller.
    """

    operation: str
    deposit_invoices: int
    late_days: tuple[int, ...]
    opening_parts: int
    balances: Counter[Pair] = attrs.field(factory=Counter)
    returned: Counter[Pair] = attrs.field(factory=Counter)

    @property
    def total(self) -> int:
        """All debts, without the advances."""
        return sum(amount for amount in self.balances.values() if amount > 0)

    def to_pay(self, pair: Pair, amount: int) -> int:
        """An amount that is due, without what went back meanwhile, and no more than the debt."""
        part = min(self.returned[pair], amount)
        self.returned[pair] -= part
        return min(amount - part, self.balances[pair])


class Settlements:
    """The settlements and the money of the company."""

    def __init__(self, context: Context, monthly_sales: dict[int, float]) -> None:
        self.receivables = Debts(
            operation=names.PAID_BY_CUSTOMER,
            deposit_invoices=2,
            late_days=_LATE_DAYS,
            opening_parts=3,
        )
        self.payables = Debts(
            operation=names.PAID_TO_SUPPLIER, deposit_invoices=1, late_days=(), opening_parts=5
        )
        self.cash_ledger = CashLedger(context.company, context.journal)
        self._expenses = Expenses(context, self.cash_ledger, monthly_sales)
        self._rng = context.rng
        self._company = context.company
        self._advance_only_on = next_workday(context.calendar.first_day + _ADVANCE_ONLY_AFTER)
        self._due: dict[date, list[tuple[Debts, Pair, int]]] = {}
        self._anonymous = named(self._company.partners, names.ANONYMOUS).id

    def settle(
        self, day: date, sold: Sequence[BookedSale], bought: Sequence[BookedPurchase]
    ) -> None:
        """Book what was sold and bought on a day, then move the day's money."""
        takings: Counter[int] = Counter()
        for purchase in bought:
            self._expenses.note_vat(purchase.firm, day, -purchase.vat)
            self._book(
                day, self.payables, (purchase.firm.id, purchase.supplier.id), purchase.amount
            )
        for sale in sold:
            self._expenses.note_vat(sale.firm, day, sale.vat)
            if sale.segment.wholesale:
                self._book(day, self.receivables, (sale.firm.id, sale.customer.id), sale.amount)
            elif sale.customer.id == self._anonymous and sale.amount > 0:
                takings[sale.firm.id] += sale.amount
            else:
                self._settle_retail(day, sale)
        for firm in self._company.firms:
            self._take_in(day, firm, takings[firm.id])
        if is_workday(day):
            self._pay_what_is_due(day)

    def open(self, debts: Debts, pair: Pair, amount: int, day: date) -> None:
        """An opening balance, paid in parts."""
        debts.balances[pair] = amount
        terms_days = self._company.partner(pair[1]).terms_days or 0
        for part in range(1, debts.opening_parts + 1):
            days = max(1, terms_days * part // debts.opening_parts)
            self._plan(day + timedelta(days=days), debts, pair, amount // debts.opening_parts + 11)

    def _book(self, day: date, debts: Debts, pair: Pair, amount: int) -> None:
        """Book an invoice and plan its payment, or book a return, which has a minus."""
        debts.balances[pair] += amount
        terms_days = self._company.partner(pair[1]).terms_days
        if terms_days is None:
            # Who pays in advance fills up the deposit as soon as it is used up.
            balance = debts.balances[pair]
            if balance > 0:
                steps = debts.deposit_invoices * amount // _DEPOSIT_ROUNDED_TO + 1
                self._pay(day, debts, pair, balance + steps * _DEPOSIT_ROUNDED_TO)
        elif amount > 0:
            late_days = self._rng.choice(debts.late_days) if debts.late_days else 0
            self._plan(day + timedelta(days=terms_days + late_days), debts, pair, amount)
        else:
            debts.returned[pair] -= amount

    def _plan(self, due: date, debts: Debts, pair: Pair, amount: int) -> None:
        self._due.setdefault(next_workday(due), []).append((debts, pair, amount))

    def _pay_what_is_due(self, day: date) -> None:
        for debts, pair, amount in self._due.pop(day, ()):
            bank = self._company.desk(pair[0], "bank")
            paid = debts.to_pay(pair, in_currency(amount, bank))
            if debts is self.payables and paid > self.cash_ledger.balance(bank):
                self._plan(day + _POSTPONED, debts, pair, paid)
            elif paid > 0:
                self._pay(day, debts, pair, paid)
        self._expenses.pay(day)
        if day.month in _RECONCILED_MONTHS and _RECONCILED_DAY in days_paid_on(day):
            self._get_advances_back(day)
        if day == self._advance_only_on:
            firm = next(firm for firm in self._company.firms if firm.rate == 1)
            payer = named(self._company.partners, ADVANCE_ONLY)
            self._pay(day, self.receivables, (firm.id, payer.id), _ADVANCE_ONLY_AMOUNT)

    def _pay(self, day: date, debts: Debts, pair: Pair, amount: int) -> None:
        debts.balances[pair] -= amount
        firm, partner = pair
        self.cash_ledger.move(
            day,
            self._company.desk(firm, "bank"),
            amount=amount if debts is self.receivables else -amount,
            operation=debts.operation,
            partner=partner,
        )

    def _settle_retail(self, day: date, sale: BookedSale) -> None:
        """Retail pays at once, and its returns are refunded at once."""
        offline = sale.segment.channel == "Offline"
        self.cash_ledger.move(
            day,
            self._company.desk(sale.firm.id, "shop" if offline else "bank"),
            amount=sale.amount,
            operation=names.PAID_BY_CUSTOMER if sale.amount > 0 else names.REFUND_TO_CUSTOMER,
            partner=sale.customer.id,
        )

    def _take_in(self, day: date, firm: Firm, takings: int) -> None:
        """The anonymous buyers' money of a day: cash to the shop's desk, cards to the bank."""
        shop = self._company.desk(firm.id, "shop")
        bank = self._company.desk(firm.id, "bank")
        in_cash = in_currency(takings * _CASH_SHARE_PERCENT / 100, shop)
        for desk, amount in ((shop, in_cash), (bank, takings - in_cash)):
            if amount > 0:
                operation = names.RETAIL_REVENUE
                self.cash_ledger.move(
                    day, desk, amount=amount, operation=operation, partner=self._anonymous
                )
        if day.weekday() in _HANDED_OVER_ON:
            self.cash_ledger.hand_over(day, shop, _CHANGE_OWN)

    def _get_advances_back(self, day: date) -> None:
        for (firm, supplier), balance in self.payables.balances.items():
            if balance < 0:
                self.payables.balances[firm, supplier] = 0
                self.cash_ledger.move(
                    day,
                    self._company.desk(firm, "bank"),
                    amount=-balance,
                    operation=names.REFUND_BY_SUPPLIER,
                    partner=supplier,
                )
