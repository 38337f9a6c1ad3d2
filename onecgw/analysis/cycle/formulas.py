"""The formulas of the cash conversion cycle, in exact fractions: nothing is rounded here.

Amounts come in as Decimal, digit for digit as 1C sent them. A Decimal division would round at
some place; a Fraction does not, and so the parts of every sum add up exactly.

Source of the measures: V. D. Richards, E. J. Laughlin, "A Cash Conversion Cycle Approach to
Liquidity Analysis", Financial Management 9 (1980), no. 1, pp. 32-38.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import attrs

from onecgw.analysis.cycle.periods import Span

Basis = Literal["average", "closing"]


@attrs.frozen(kw_only=True)
class Turnover:
    """A balance beside the flow that turns it over.

    balance: money; average or closing. flow: money, of all the days together.
    """

    balance: Fraction
    flow: Fraction
    days: int

    @property
    def flow_per_day(self) -> Fraction:
        """The flow of a day, f = flow / D."""
        return self.flow / self.days

    @property
    def days_tied_up(self) -> Fraction | None:
        """For how many days of the flow the balance would last: r = A / flow × D = A / f.

        None where the flow is not above zero: nothing turns the balance over.
        Source: Richards and Laughlin, the inventory, receivables and payables deferral periods.
        """
        return self.balance / self.flow_per_day if self.flow > 0 else None


@attrs.frozen(kw_only=True)
class Effects:
    """Why a component changed: both add exactly to the change.

    balance: days that the change of the balance made. flow: days that the change of the flow
    made.
    """

    balance: Fraction
    flow: Fraction

    @property
    def change(self) -> Fraction:
        """The change of the component, days."""
        return self.balance + self.flow


def balance_days(span: Span, basis: Basis) -> tuple[date, ...]:
    """The days at whose end a balance must be known: B₀, the ends of months, Bₙ; or Bₙ alone."""
    if basis == "closing":
        return (span.last,)
    return (span.eve, *(month.last for month in span.months))


def balance_of(span: Span, balances: Mapping[date, Decimal], basis: Basis) -> Fraction:
    """A: the balance that is set against the flow of the span.

    closing: Bₙ, the balance at the end of the last day.
    average: (½B₀ + B₁ + … + ½Bₙ) / n over the n months, B₀ at the end of the day before the
    first; a part of a month weighs by its days. That is Σ wᵢ(Bᵢ₋₁ + Bᵢ)/2 / Σ wᵢ with wᵢ = 1 for
    a whole month, and so the months weigh up to the span.
    Source: the chronological mean of a moment series, as accounting textbooks use it for average
    balances.
    """
    if basis == "closing":
        return Fraction(balances[span.last])
    total = weights = Fraction(0)
    for month in span.months:
        mean = (Fraction(balances[month.eve]) + Fraction(balances[month.last])) / 2
        total += month.month_weight * mean
        weights += month.month_weight
    return total / weights


def cycle(dio: Fraction | None, dso: Fraction | None, dpo: Fraction | None) -> Fraction | None:
    """CCC = DIO + DSO − DPO: days from paying for goods to being paid for them.

    None unless all three are known. Source: Richards and Laughlin.
    """
    if dio is None or dso is None or dpo is None:
        return None
    return dio + dso - dpo


def net_cycle(
    ccc: Fraction | None, received: Fraction | None, paid: Fraction | None
) -> Fraction | None:
    """CCC − days of advances received + days of advances paid; None unless all are known.

    What customers pay in advance is money that is ours before the sale, what suppliers get in
    advance is money that is gone before the goods come.
    """
    if ccc is None or received is None or paid is None:
        return None
    return ccc - received + paid


def effects(before: Turnover, after: Turnover) -> Effects | None:
    """What made r₀ = A₀/f₀ into r₁ = A₁/f₁; None where one of them is not known.

    balance = (A₁ − A₀)/f₀, flow = A₁/f₁ − A₁/f₀; together A₁/f₁ − A₀/f₀ = r₁ − r₀.
    Source: the method of chain substitution, the balance put in first.
    """
    if before.flow <= 0 or after.flow <= 0:
        return None
    old, new = before.flow_per_day, after.flow_per_day
    return Effects(
        balance=(after.balance - before.balance) / old,
        flow=after.balance / new - after.balance / old,
    )


def driver(contributions: Mapping[str, Fraction]) -> str | None:
    """The largest contribution in the direction of their sum; None where the sum is zero.

    Of equal ones the first. DPO contributes with a minus.
    """
    total = sum(contributions.values(), Fraction(0))
    if total == 0:
        return None
    direction = 1 if total > 0 else -1
    return max(contributions, key=lambda name: contributions[name] * direction)


def cash_effect(change_days: Fraction, after: Turnover) -> Fraction:
    """The money that a change of days ties up: change × f₁, at the daily flow of the new period."""
    return change_days * after.flow_per_day
