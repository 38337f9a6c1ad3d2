"""Decimal arithmetic that never rounds, for numbers as long as 1C's are allowed to be."""

from collections.abc import Iterable
from decimal import Context, Decimal
from functools import reduce
from typing import Final

MAX_DIGITS: Final = 38  # of a number of 1C, before and after the point together
EXACT: Final = Context(prec=4 * MAX_DIGITS)  # which sums of such numbers never fill


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """A sum without rounding."""
    return reduce(EXACT.add, amounts, Decimal(0))
