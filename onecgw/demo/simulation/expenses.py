"""What the company spends: expenses on their days, VAT of the month before, dividends."""

from collections import Counter
from datetime import date
from typing import Final

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import month_start, months_before
from onecgw.demo.simulation.cash_ledger import CashLedger, in_currency
from onecgw.demo.simulation.catalogue_drafts import named
from onecgw.demo.simulation.catalogue_entries import CostArticle, Firm
from onecgw.demo.simulation.context import Context

_VAT_DAY: Final = 20
_DIVIDEND_MONTHS: Final = (1, 4, 7, 10)
_DIVIDEND_DAY: Final = 22
_DIVIDEND_SHARE: Final = 0.6
_RESERVE_MONTHS: Final = 1.6
_EXPENSES_SHARE: Final = 0.16


class Expenses:
    """The articles of cost and when they are paid."""

    def __init__(
        self, context: Context, cash_ledger: CashLedger, monthly_sales: dict[int, float]
    ) -> None:
        self._rng = context.rng
        self._company = context.company
        self._cash_ledger = cash_ledger
        self._monthly_sales = monthly_sales
        self._weights = sum(article.weight for article in self._company.cost_articles)
        self._vat: Counter[tuple[int, date]] = Counter()

    def note_vat(self, firm: Firm, day: date, vat: int) -> None:
        """VAT of a sale, or with a minus of a purchase, which the firm pays a month later."""
        self._vat[firm.id, month_start(day)] += vat

    def pay(self, day: date) -> None:
        """Pay what falls on a workday."""
        paid_today = days_paid_on(day)
        for firm in self._company.firms:
            for article in self._company.cost_articles:
                if article.weight > 0 and article.pay_day in paid_today:
                    self._pay_expense(day, firm, article)
            if _VAT_DAY in paid_today:
                owed = self._vat.pop((firm.id, months_before(day, 1)), 0)
                vat_article = named(self._company.cost_articles, names.VAT_ARTICLE)
                self._pay(day, firm, vat_article, owed)
            if day.month in _DIVIDEND_MONTHS and _DIVIDEND_DAY in paid_today:
                self._pay_dividends(day, firm)

    def _pay_expense(self, day: date, firm: Firm, article: CostArticle) -> None:
        foreign = names.UKRAINIAN_ARTICLES if firm.rate > 1 else names.POLISH_ARTICLES
        if article.label in foreign:
            return
        budget = self._monthly_sales[firm.id] * _EXPENSES_SHARE * article.weight / self._weights
        self._pay(day, firm, article, budget * self._rng.uniform(0.85, 1.15))

    def _pay_dividends(self, day: date, firm: Firm) -> None:
        reserve = _RESERVE_MONTHS * self._monthly_sales[firm.id]
        bank = self._company.desk(firm.id, "bank")
        surplus = (self._cash_ledger.balance(bank) - reserve) * _DIVIDEND_SHARE
        article = named(self._company.cost_articles, names.DIVIDENDS_ARTICLE)
        self._pay(day, firm, article, surplus)

    def _pay(self, day: date, firm: Firm, article: CostArticle, wanted: float) -> None:
        """Pay the nearest amount in the currency of the desk, if it is above zero."""
        desk = self._company.desk(firm.id, article.purpose)
        amount = in_currency(wanted, desk)
        if amount > 0:
            operation = article.operation
            self._cash_ledger.move(
                day, desk, amount=-amount, operation=operation, cost_article=article.id
            )


def days_paid_on(day: date) -> range:
    """Which days of the month are paid on a workday: on a Monday, the weekend's, too."""
    weekend = 0 if day.weekday() else 2
    return range(day.day - weekend, day.day + 1)
