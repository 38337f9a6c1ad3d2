from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.demo.simulation.rounding import divide


@given(st.integers(), st.integers().filter(bool))
def test_quotient_is_rounded_half_away_from_zero(numerator: int, denominator: int) -> None:
    found = divide(numerator, denominator)
    # Exactly: |found * denominator - numerator| is at most half of |denominator|, the half outward.
    rest = abs(numerator) - abs(found) * abs(denominator)
    assert -abs(denominator) <= 2 * rest < abs(denominator)
    assert found == 0 or (found < 0) == ((numerator < 0) != (denominator < 0))


@pytest.mark.parametrize(
    ("numerator", "denominator"), [(5, 10), (-5, 10), (15, 10), (-15, 10), (14, 10), (0, 3)]
)
def test_quotient_is_what_an_accountant_writes(numerator: int, denominator: int) -> None:
    exact = (Decimal(numerator) / denominator).quantize(Decimal(1), ROUND_HALF_UP)
    assert divide(numerator, denominator) == exact


def test_nothing_is_divided_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)
