"""Receivables and payables, and their payments day by day."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import Calendar, is_workday, next_workday
from onecgw.demo.simulation.cash_ledger import CashLedger, in_currency
from onecgw.demo.simulation.catalogue_entries import Cash, Firm, Partner
from onecgw.demo.simulation.company import Company
from onecgw.demo.simulation.expenses import Expenses, days_paid_on
from onecgw.demo.simulation.journal import Journal
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

# (firm, partner) → what the partner owes us, or what we owe him; below zero it is an advance.
Balances = dict[tuple[int, int], int]


class Settlements:
    """The settlements and the money of the company."""

    def __init__(
        self,
        *,
        rng: Random,
        company: Company,
        calendar: Calendar,
        journal: Journal,
        monthly_sales: dict[int, float],
    ) -> None:
        self.receivable: Balances = {}
        self.payable: Balances = {}
        # What went back since the last payment, which will be so much smaller.
        self._taken_back: Balances = {}
        self._sent_back: Balances = {}
        self.cash_ledger = CashLedger(company=company, journal=journal)
        self._expenses = Expenses(
            rng=rng, company=company, cash_ledger=self.cash_ledger, monthly_sales=monthly_sales
        )
        self._rng = rng
        self._company = company
        self._banks = {firm.id: company.desk(firm.id, "bank") for firm in company.firms}
        self._shops = {firm.id: company.desk(firm.id, "shop") for firm in company.firms}
        self._advance_only_on = calendar.first_day + _ADVANCE_ONLY_AFTER
        self._due: dict[date, list[Callable[[date], None]]] = {}
        self._anonymous = next(one.id for one in company.partners if one.label == names.ANONYMOUS)

    @property
    def owed_to_us(self) -> int:
        """What all customers owe, without their advances."""
        return sum(amount for amount in self.receivable.values() if amount > 0)

    @property
    def owed_by_us(self) -> int:
        """What we owe all suppliers, without our advances."""
        return sum(amount for amount in self.payable.values() if amount > 0)

    def settle(
        self, day: date, sold: Sequence[BookedSale], bought: Sequence[BookedPurchase]
    ) -> None:
        """Book what was sold and bought on a day, then move the day's money."""
        takings: dict[int, int] = {}
        for purchase in bought:
            self._book_purchase(day, purchase)
        for sale in sold:
            self._expenses.note_vat(sale.firm, day, sale.vat)
            if sale.wholesale:
                self._book_sale(day, sale)
            elif sale.customer.id == self._anonymous and sale.amount > 0:
                takings[sale.firm.id] = takings.get(sale.firm.id, 0) + sale.amount
            else:
                self._settle_retail(day, sale)
        for firm in self._company.firms:
            self._take_in(day, firm, takings.get(firm.id, 0))
        if is_workday(day):
            self._pay_what_is_due(day)

    def owe_us(self, firm: Firm, customer: Partner, amount: int, day: date) -> None:
        """An opening receivable, paid in three parts."""
        self.receivable[firm.id, customer.id] = amount
        for part in range(1, 4):
            days = max(1, (customer.terms_days or 0) * part // 3)
            self._customer_pays(day + timedelta(days=days), firm, customer, amount // 3 + 11)

    def owe_them(self, firm: Firm, supplier: Partner, amount: int, day: date) -> None:
        """An opening payable, paid in five parts."""
        self.payable[firm.id, supplier.id] = amount
        for part in range(1, 6):
            days = max(1, (supplier.terms_days or 0) * part // 5)
            self._pay_supplier(day + timedelta(days=days), firm, supplier, amount // 5 + 11)

    def _book_sale(self, day: date, sale: BookedSale) -> None:
        key = (sale.firm.id, sale.customer.id)
        balance = self.receivable.get(key, 0) + sale.amount
        self.receivable[key] = balance
        terms_days = sale.customer.terms_days
        if terms_days is None:
            # Who pays in advance fills up the deposit as soon as it is used up.
            if balance > 0:
                deposit = (2 * sale.amount // _DEPOSIT_ROUNDED_TO + 1) * _DEPOSIT_ROUNDED_TO
                self._receive(day, sale.firm, sale.customer.id, balance + deposit)
        elif sale.amount > 0:
            due = day + timedelta(days=terms_days + self._rng.choice(_LATE_DAYS))
            self._customer_pays(due, sale.firm, sale.customer, sale.amount)
        else:
            self._taken_back[key] = self._taken_back.get(key, 0) - sale.amount

    def _customer_pays(self, due: date, firm: Firm, customer: Partner, amount: int) -> None:
        def pay(day: date) -> None:
            key = (firm.id, customer.id)
            wanted = in_currency(amount, self._bank(firm))
            paid = min(_less_returns(self._taken_back, key, wanted), self.receivable.get(key, 0))
            if paid > 0:
                self._receive(day, firm, customer.id, paid)

        self._due.setdefault(next_workday(due), []).append(pay)

    def _receive(self, day: date, firm: Firm, customer: int, amount: int) -> None:
        key = (firm.id, customer)
        self.receivable[key] = self.receivable.get(key, 0) - amount
        self.cash_ledger.take_in(
            day,
            self._bank(firm),
            amount=amount,
            operation=names.PAID_BY_CUSTOMER,
            partner=customer,
        )

    def _settle_retail(self, day: date, sale: BookedSale) -> None:
        """Retail pays at once, and its returns are refunded at once."""
        desk = self._shop(sale.firm) if sale.offline else self._bank(sale.firm)
        if sale.amount > 0:
            operation = names.PAID_BY_CUSTOMER
            self.cash_ledger.take_in(
                day, desk, amount=sale.amount, operation=operation, partner=sale.customer.id
            )
        else:
            self.cash_ledger.pay_out(
                day,
                desk,
                amount=-sale.amount,
                operation=names.REFUND_TO_CUSTOMER,
                partner=sale.customer.id,
            )

    def _take_in(self, day: date, firm: Firm, takings: int) -> None:
        """The anonymous buyers' money of a day: cash to the shop's desk, cards to the bank."""
        shop = self._shop(firm)
        in_cash = in_currency(takings * _CASH_SHARE_PERCENT / 100, shop)
        for desk, amount in ((shop, in_cash), (self._bank(firm), takings - in_cash)):
            if amount > 0:
                self.cash_ledger.take_in(
                    day,
                    desk,
                    amount=amount,
                    operation=names.RETAIL_REVENUE,
                    partner=self._anonymous,
                )
        if day.weekday() in _HANDED_OVER_ON:
            self.cash_ledger.hand_over(day, shop, _CHANGE_OWN)

    def _book_purchase(self, day: date, purchase: BookedPurchase) -> None:
        self._expenses.note_vat(purchase.firm, day, -purchase.vat)
        firm, supplier = purchase.firm, purchase.supplier
        key = (firm.id, supplier.id)
        balance = self.payable.get(key, 0) + purchase.amount
        self.payable[key] = balance
        if supplier.terms_days is None:
            if balance > 0:
                deposit = (purchase.amount // _DEPOSIT_ROUNDED_TO + 1) * _DEPOSIT_ROUNDED_TO
                self._pay(day, firm, supplier.id, balance + deposit)
        elif purchase.amount > 0:
            due = day + timedelta(days=supplier.terms_days)
            self._pay_supplier(due, firm, supplier, purchase.amount)
        else:
            self._sent_back[key] = self._sent_back.get(key, 0) - purchase.amount

    def _pay_supplier(self, due: date, firm: Firm, supplier: Partner, amount: int) -> None:
        def pay(day: date) -> None:
            key = (firm.id, supplier.id)
            wanted = in_currency(amount, self._bank(firm))
            paid = min(_less_returns(self._sent_back, key, wanted), self.payable.get(key, 0))
            if paid > self.cash_ledger.balance(self._bank(firm)):
                self._pay_supplier(day + _POSTPONED, firm, supplier, paid)
            elif paid > 0:
                self._pay(day, firm, supplier.id, paid)

        self._due.setdefault(next_workday(due), []).append(pay)

    def _pay(self, day: date, firm: Firm, supplier: int, amount: int) -> None:
        key = (firm.id, supplier)
        self.payable[key] = self.payable.get(key, 0) - amount
        self.cash_ledger.pay_out(
            day,
            self._bank(firm),
            amount=amount,
            operation=names.PAID_TO_SUPPLIER,
            partner=supplier,
        )

    def _get_advances_back(self, day: date) -> None:
        firms = {firm.id: firm for firm in self._company.firms}
        for (firm, supplier), balance in self.payable.items():
            if balance < 0:
                self.payable[firm, supplier] = 0
                self.cash_ledger.take_in(
                    day,
                    self._bank(firms[firm]),
                    amount=-balance,
                    operation=names.REFUND_BY_SUPPLIER,
                    partner=supplier,
                )

    def _pay_what_is_due(self, day: date) -> None:
        for pay in self._due.pop(day, ()):
            pay(day)
        self._expenses.pay(day)
        if day.month in _RECONCILED_MONTHS and _RECONCILED_DAY in days_paid_on(day):
            self._get_advances_back(day)
        if next_workday(self._advance_only_on) == day:
            firm = next(firm for firm in self._company.firms if firm.rate == 1)
            payer = next(one.id for one in self._company.partners if one.label == ADVANCE_ONLY)
            self._receive(day, firm, payer, _ADVANCE_ONLY_AMOUNT)

    def _bank(self, firm: Firm) -> Cash:
        return self._banks[firm.id]

    def _shop(self, firm: Firm) -> Cash:
        return self._shops[firm.id]


def _less_returns(returned: Balances, key: tuple[int, int], amount: int) -> int:
    """A payment without what went back meanwhile; of that only so much is forgotten."""
    part = min(returned.get(key, 0), amount)
    if part:
        returned[key] -= part
    return amount - part
