"""The formulas of the cash conversion cycle, in exact fractions: nothing is rounded here.

Amounts are Decimals with the digits that 1C sent. Dividing them would round; a Fraction does not
round, so the parts of every sum add up exactly.

Source of the measures: V. D. Richards, E. J. Laughlin, "A Cash Conversion Cycle Approach to
Liquidity Analysis", Financial Management 9 (1980), no. 1, pp. 32-38.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import attrs

from onecgw.analysis.periods import DateRange

Basis = Literal["average", "closing"]


@attrs.frozen(kw_only=True)
class RatioTerms:
    """The two terms of a ratio: a balance, and the flow that it is divided by.

    balance: money; average or closing. flow: money, of all days together.
    """

    balance: Fraction
    flow: Fraction
    days: int

    @property
    def flow_per_day(self) -> Fraction:
        """The flow per day, f = flow / D."""
        return self.flow / self.days

    @property
    def days_tied_up(self) -> Fraction | None:
        """The balance in days of the flow: r = A / flow × D = A / f; None unless flow > 0.

        Source: Richards and Laughlin, the inventory, receivables and payables deferral periods.
        """
        return self.balance / self.flow_per_day if self.flow > 0 else None


@attrs.frozen(kw_only=True)
class Effects:
    """Why a component changed; the two effects add up exactly to the change.

    balance: days due to the change of the balance. flow: days due to the change of the flow.
    """

    balance: Fraction
    flow: Fraction

    @property
    def change(self) -> Fraction:
        """The change of the component, days."""
        return self.balance + self.flow


def balance_days(period: DateRange, basis: Basis) -> tuple[date, ...]:
    """The days for which the end-of-day balance is needed: B₀, …, Bₙ, or Bₙ alone."""
    if basis == "closing":
        return (period.last,)
    return (period.eve, *(month.last for month in period.months))


def balance_of(period: DateRange, balances: Mapping[date, Decimal], basis: Basis) -> Fraction:
    """A: the balance that is divided by the flow of the period.

    closing: Bₙ, the balance at the end of the last day.
    average: (½B₀ + B₁ + … + ½Bₙ) / n over the n months, B₀ at the end of the day before the
    first; a part of a month weighs by its days. That is Σ wᵢ(Bᵢ₋₁ + Bᵢ)/2 / Σ wᵢ with wᵢ = 1 for
    a whole month, and so the months weigh up to the period.
    Source: the chronological mean of a moment series, as accounting textbooks use it for average
    balances.
    """
    if basis == "closing":
        return Fraction(balances[period.last])
    total = weights = Fraction(0)
    for month in period.months:
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

    Customers who pay in advance finance the company before the sale; the company finances suppliers
    whom it pays before the delivery.
    """
    if ccc is None or received is None or paid is None:
        return None
    return ccc - received + paid


def effects(before: RatioTerms, after: RatioTerms) -> Effects | None:
    """The effects that changed r₀ = A₀/f₀ into r₁ = A₁/f₁; None unless both flows are > 0.

    balance = (A₁ − A₀)/f₀, flow = A₁/f₁ − A₁/f₀; together A₁/f₁ − A₀/f₀ = r₁ − r₀.
    Source: the method of chain substitution, with the balance replaced first.
    """
    if before.flow <= 0 or after.flow <= 0:
        return None
    old, new = before.flow_per_day, after.flow_per_day
    return Effects(
        balance=(after.balance - before.balance) / old,
        flow=after.balance / new - after.balance / old,
    )


def driver(contributions: Mapping[str, Fraction]) -> str | None:
    """The name of the largest contribution in the direction of the sum; None if the sum is zero.

    Of equal contributions the first one counts. DPO contributes with a minus.
    """
    total = sum(contributions.values(), Fraction(0))
    if total == 0:
        return None
    direction = 1 if total > 0 else -1
    return max(contributions, key=lambda name: contributions[name] * direction)


def cash_effect(change_days: Fraction, after: RatioTerms) -> Fraction:
    """The money that a change of days ties up: change × f₁, at the daily flow of the new period."""
    return change_days * after.flow_per_day
