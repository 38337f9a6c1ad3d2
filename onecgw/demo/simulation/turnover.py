"""How many days' flow a balance is: stock to cost of sales, debts to invoices."""

from datetime import date, timedelta
from typing import Final

import attrs

from onecgw.demo.simulation.calendar import YEARLY_GROWTH, months_before, year_before

_ONE_DAY: Final = timedelta(days=1)


@attrs.define(kw_only=True)
class Turnover:
    """One balance of the company and what flows through it, kopecks by day.

    balance: at the end of the day.
    flow: of the day.
    """

    balance: dict[date, int] = attrs.field(factory=dict)
    flow: dict[date, int] = attrs.field(factory=dict)

    def note(self, day: date, balance: int, flow: int) -> None:
        """A day is over."""
        self.balance[day], self.flow[day] = balance, flow

    def days(self, first: date, last: date) -> float:
        """The days of a period of whole months, by the average of the balances at their ends."""
        average = sum(part * self.balance[end] for end, part in weighted_ends(first, last))
        return average / self._flow(first, last) * ((last - first).days + 1)

    def expected_days(self, first: date, last: date) -> float:
        """The same of a period that is not over, if things go on as usual."""
        average = 0.0
        for end, part in weighted_ends(first, last):
            average += part * self.expected_balance(end)
        return average / self.expected_flow(first, last) * ((last - first).days + 1)

    def expected_balance(self, end: date) -> float:
        """The balance at the end of a month, known or usual."""
        return self.balance[end] if end in self.balance else self.usual(end)

    def usual(self, end: date) -> float:
        """What the balance at the end of a month will be by last year's and the growth."""
        return self.balance[year_before(end)] * YEARLY_GROWTH

    def expected_flow(self, first: date, last: date) -> float:
        """What has flowed in a period so far, and the rest as last year with the growth."""
        today = max(self.flow)
        so_far = self._flow(first, today)
        rest = self._flow(year_before(max(first, today + _ONE_DAY)), year_before(last))
        return so_far + rest * YEARLY_GROWTH

    def _flow(self, first: date, last: date) -> int:
        return sum(self.flow[first + one * _ONE_DAY] for one in range((last - first).days + 1))


def weighted_ends(first: date, last: date) -> list[tuple[date, float]]:
    """The day before a period of whole months and the last day of each, with their weights."""
    ends = [first - _ONE_DAY]
    while ends[-1] < last:
        ends.append(months_before(ends[-1] + _ONE_DAY, -1) - _ONE_DAY)
    months = len(ends) - 1
    return [(end, (0.5 if end in (ends[0], ends[-1]) else 1.0) / months) for end in ends]
