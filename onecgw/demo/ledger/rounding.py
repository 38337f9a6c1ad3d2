"""Exact division of whole kopecks and thousandths: half away from zero, as accountants round."""


def divide(numerator: int, denominator: int) -> int:
    """The quotient rounded half away from zero.

    Raises:
        ZeroDivisionError: the denominator is 0.
    """
    quotient = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return quotient if (numerator < 0) == (denominator < 0) else -quotient
