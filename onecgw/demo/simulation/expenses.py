"""What the company spends: expenses on their days, VAT of the month before, dividends."""

from datetime import date
from random import Random
from typing import Final

from onecgw.demo.simulation import names
from onecgw.demo.simulation.calendar import months_before
from onecgw.demo.simulation.cash_ledger import CashLedger, in_currency
from onecgw.demo.simulation.catalogue_entries import Cash, CostArticle, Firm
from onecgw.demo.simulation.company import Company

_VAT_DAY: Final = 20
_DIVIDEND_MONTHS: Final = (1, 4, 7, 10)
_DIVIDEND_DAY: Final = 22
_DIVIDEND_SHARE: Final = 0.6
_RESERVE_MONTHS: Final = 1.6
_EXPENSES_SHARE: Final = 0.16


class Expenses:
    """The articles of cost and when they are paid."""

    def __init__(
        self,
        *,
        rng: Random,
        company: Company,
        cash_ledger: CashLedger,
        monthly_sales: dict[int, float],
    ) -> None:
        self._rng = rng
        self._company = company
        self._cash_ledger = cash_ledger
        self._monthly_sales = monthly_sales
        self._weights = sum(article.weight for article in company.cost_articles)
        self._vat: dict[tuple[int, date], int] = {}

    def note_vat(self, firm: Firm, day: date, vat: int) -> None:
        """VAT of a sale, or with a minus of a purchase, which the firm pays a month later."""
        key = (firm.id, day.replace(day=1))
        self._vat[key] = self._vat.get(key, 0) + vat

    def pay(self, day: date) -> None:
        """Pay what falls on a workday."""
        paid_today = days_paid_on(day)
        for firm in self._company.firms:
            for article in self._company.cost_articles:
                if article.weight > 0 and article.pay_day in paid_today:
                    self._pay_expense(day, firm, article)
            if _VAT_DAY in paid_today:
                self._pay_vat(day, firm)
            if day.month in _DIVIDEND_MONTHS and _DIVIDEND_DAY in paid_today:
                self._pay_dividends(day, firm)

    def _pay_expense(self, day: date, firm: Firm, article: CostArticle) -> None:
        foreign = names.UKRAINIAN_ARTICLES if firm.rate > 1 else names.POLISH_ARTICLES
        if article.label in foreign:
            return
        budget = self._monthly_sales[firm.id] * _EXPENSES_SHARE * article.weight / self._weights
        desk = self._company.desk(firm.id, article.purpose)
        amount = in_currency(budget * self._rng.uniform(0.85, 1.15), desk)
        if amount > 0:
            self._spend(day, desk, article, amount)

    def _pay_vat(self, day: date, firm: Firm) -> None:
        owed = self._vat.pop((firm.id, months_before(day, 1)), 0)
        if owed > 0:
            article = self._article(names.VAT_ARTICLE)
            desk = self._company.desk(firm.id, "bank")
            self._spend(day, desk, article, in_currency(owed, desk))

    def _pay_dividends(self, day: date, firm: Firm) -> None:
        reserve = _RESERVE_MONTHS * self._monthly_sales[firm.id]
        desk = self._company.desk(firm.id, "bank")
        surplus = (self._cash_ledger.balance(desk) - reserve) * _DIVIDEND_SHARE
        if surplus > 0:
            article = self._article(names.DIVIDENDS_ARTICLE)
            self._cash_ledger.pay_out(
                day,
                desk,
                amount=in_currency(surplus, desk),
                operation=names.DIVIDENDS,
                cost_article=article.id,
            )

    def _spend(self, day: date, desk: Cash, article: CostArticle, amount: int) -> None:
        self._cash_ledger.pay_out(
            day, desk, amount=amount, operation=article.operation, cost_article=article.id
        )

    def _article(self, label: str) -> CostArticle:
        return next(one for one in self._company.cost_articles if one.label == label)


def days_paid_on(day: date) -> range:
    """Which days of the month are paid on a workday: on a Monday, the weekend's, too."""
    weekend = 0 if day.weekday() else 2
    return range(day.day - weekend, day.day + 1)
