"""Exact figures: sums of what 1C printed, quotients rounded as accountants do, and their form."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from onecgw.backends.odata.reports import ReportMeasure

# 1C's numbers have up to 38 digits; sums of many of them and their products stay exact.
EXACT: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_QUANTITY_PLACES: Final = 3
_ZERO: Final = Decimal(0)

Number = Decimal | int


def measured(
    measure: ReportMeasure, sums: Mapping[str, Number], counts: Mapping[str, int]
) -> Number | None:
    """The value of a measure.

    Args:
        measure: of the contract.
        sums: of the facts.
        counts: of distinct values.

    Returns:
        The number in its form; None where there is nothing to divide by.
    """
    if measure.counts:
        return counts.get(measure.counts, 0)
    value = EXACT.create_decimal(0)
    for fact in measure.plus:
        value = EXACT.add(value, sums.get(fact, _ZERO))
    for fact in measure.minus:
        value = EXACT.subtract(value, sums.get(fact, _ZERO))
    if not measure.over:
        return shown(value, measure.places)
    divisor = Decimal(
        counts[measure.over] if measure.over in counts else sums.get(measure.over, _ZERO)
    )
    if not divisor:
        return None
    return divide(EXACT.multiply(value, Decimal(measure.factor)), divisor, measure.places)


def divide(numerator: Decimal, divisor: Decimal, places: int) -> Decimal:
    """The quotient, half away from zero: in whole numbers, so that it is rounded only once."""
    scale = 10**places
    above, below = numerator.as_integer_ratio(), divisor.as_integer_ratio()
    top = above[0] * below[1] * scale
    bottom = above[1] * below[0]
    rounded = (2 * abs(top) + abs(bottom)) // (2 * abs(bottom))
    signed = rounded if (top < 0) == (bottom < 0) else -rounded
    return Decimal(signed).scaleb(-places, EXACT)


def shown(value: Decimal, places: int) -> Number:
    """A number as it leaves: money keeps its kopecks, a whole quantity has no point.

    Digits beyond `places` that 1C printed are kept; zeros beyond them are not.
    """
    plain = value.normalize(EXACT)
    exponent = plain.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if places == _QUANTITY_PLACES and not digits:
        return int(plain)
    # `plus` turns a negative zero into zero, and keeps every digit.
    return EXACT.plus(plain.quantize(Decimal(1).scaleb(-max(places, digits)), context=EXACT))
