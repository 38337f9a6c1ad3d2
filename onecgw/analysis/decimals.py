"""Decimal arithmetic: sums are exact, and figures are rounded once, at the end."""

from collections.abc import Iterable
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from typing import Final

MAX_DIGITS: Final = 38  # of a number of 1C, before and after the point together
# Precise enough for every sum of such numbers, so that no addition rounds.
EXACT: Final = Context(prec=4 * MAX_DIGITS)
DAY_PLACES: Final = 1
MONEY_PLACES: Final = 2


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum without rounding."""
    return reduce(EXACT.add, amounts, Decimal(0))


def days(value: Fraction | None) -> Decimal | None:
    """Days rounded to a tenth, a half away from zero."""
    return None if value is None else rounded(value, DAY_PLACES)


def money(value: Fraction | None) -> Decimal | None:
    """Money rounded to a hundredth, a half away from zero."""
    return None if value is None else rounded(value, MONEY_PLACES)


def rounded(value: Fraction, places: int) -> Decimal:
    """A fraction with so many digits behind the point, a half away from zero."""
    units = int(abs(value) * 10**places + Fraction(1, 2))
    return EXACT.scaleb(Decimal(units if value > 0 else -units), -places)
