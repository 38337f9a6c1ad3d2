"""The one place where figures of the cycle are rounded: as they are told."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from onecgw.analysis.cycle.decimals import EXACT

DAY_PLACES: Final = 1
MONEY_PLACES: Final = 2


def days(value: Fraction | None) -> Decimal | None:
    """Days as they are told: to a tenth, a half away from zero."""
    return _rounded(value, DAY_PLACES)


def money(value: Fraction | None) -> Decimal | None:
    """Money as it is told."""
    return _rounded(value, MONEY_PLACES)


def _rounded(value: Fraction | None, places: int) -> Decimal | None:
    if value is None:
        return None
    units = int(abs(value) * 10**places + Fraction(1, 2))
    return EXACT.scaleb(Decimal(units if value > 0 else -units), -places)
