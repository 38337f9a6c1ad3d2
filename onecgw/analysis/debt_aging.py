"""The age of debts by FIFO count-back: the latest sales (or purchases) are the unpaid ones."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import attrs

from onecgw.analysis.decimals import EXACT, exact_sum

BUCKET_DAYS: Final = (30, 60, 90)  # 0-30, 31-60, 61-90 and more
BUCKETS: Final = ("0-30", "31-60", "61-90", "90+")
ZERO: Final = Decimal(0)


@attrs.frozen(kw_only=True)
class AgedDebt:
    """One debt by age.

    buckets: the amount of each of BUCKETS; they add up to the debt.
    oldest_day: of the oldest unpaid sale; None if there is no debt, or if that sale is older than
        the last of BUCKET_DAYS.
    """

    debt: Decimal
    buckets: tuple[Decimal, ...]
    oldest_day: date | None


def windows(day: date) -> tuple[tuple[date, date], ...]:
    """The first and the last day of each bucket but the oldest one, the latest first."""
    begins = (-1, *BUCKET_DAYS)
    return tuple(
        (day - timedelta(days=last), day - timedelta(days=before + 1))
        for before, last in zip(begins, BUCKET_DAYS, strict=False)
    )


def age_debt(debt: Decimal, sales: Mapping[date, Decimal], day: date) -> AgedDebt:
    """Count one debt back over the sales to the same partner.

    Payments and returns settle the oldest sales first, so a debt consists of the latest ones. What
    the sales of the days in `sales` do not cover is in the oldest bucket.

    Args:
        debt: the balance at the end of `day`; not negative.
        sales: by day, less the returns of that day; a negative day covers nothing.
        day: the day of the balance.
    """
    left = debt
    found = [ZERO] * len(BUCKETS)
    oldest: date | None = None
    for sold_on in sorted(sales, reverse=True):
        age = (day - sold_on).days
        if not left or age > BUCKET_DAYS[-1]:
            break
        part = min(left, max(sales[sold_on], ZERO))
        if part:
            place = next(index for index, last in enumerate(BUCKET_DAYS) if age <= last)
            found[place] = EXACT.add(found[place], part)
            left = EXACT.subtract(left, part)
            oldest = sold_on
    if left:
        found[-1], oldest = left, None
    return AgedDebt(debt=debt, buckets=tuple(found), oldest_day=oldest)


def add_debts(debts: Iterable[AgedDebt]) -> AgedDebt:
    """The sum of debts; its oldest day is None as soon as one of them has none."""
    parts = [one for one in debts if one.debt]
    days = [one.oldest_day for one in parts]
    known: Sequence[date] = [one for one in days if one is not None]
    return AgedDebt(
        debt=exact_sum(one.debt for one in parts),
        buckets=tuple(
            exact_sum(one.buckets[place] for one in parts) for place in range(len(BUCKETS))
        ),
        oldest_day=min(known) if known and len(known) == len(days) else None,
    )
