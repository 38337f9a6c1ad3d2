"""The cash conversion cycle of a period, computed by hand from the reports of the demo 1C."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs

from onecgw.demo.books import Books
from tests.builders.demo_queries import ask


@attrs.frozen(kw_only=True)
class Cycle:
    """Days: how long money is tied up in stock and receivables, less how long we owe."""

    stock: Decimal
    receivables: Decimal
    payables: Decimal

    @property
    def days(self) -> Decimal:
        return self.stock + self.receivables - self.payables


def cycle(books: Books, first: date, last: date) -> Cycle:
    """The cycle of whole months: average balance over flow, by days."""
    days = (last - first).days + 1
    period = {"from": first.isoformat(), "to": last.isoformat()}
    sales = ask(books, "sales", period=period, group_by=["month"], measures=["amount", "cost"])
    bought = ask(books, "purchases", period=period, group_by=["month"])
    ends = list(_month_ends(first, last))

    def average(report: str, measure: str) -> Decimal:
        balances: list[Any] = [
            ask(books, report, date=end, measures=[measure], top=1).totals[measure] for end in ends
        ]
        total = sum(balances) - (balances[0] + balances[-1]) / 2
        return Decimal(total) / (len(balances) - 1)

    return Cycle(
        stock=average("stock", "amount") / sales.totals["cost"] * days,
        receivables=average("receivables", "receivable") / sales.totals["amount"] * days,
        payables=average("payables", "payable") / bought.totals["amount"] * days,
    )


def _month_ends(first: date, last: date) -> Iterator[str]:
    """The day before the period and the last day of each of its months."""
    day = first
    while day <= last:
        yield (day - timedelta(days=1)).isoformat()
        day = (day + timedelta(days=31)).replace(day=1)
    yield last.isoformat()
