"""Exact arithmetic of whole numbers: rounding as accountants do, and shares that add up."""

from collections.abc import Sequence
from itertools import accumulate, pairwise


def divide(numerator: int, denominator: int) -> int:
    """The quotient rounded half away from zero.

    Raises:
        ZeroDivisionError: the denominator is 0.
    """
    quotient = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of a total, in proportion to their weights; they add up to it exactly."""
    bounds = [total * reached // sum(weights) for reached in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(bounds)]
