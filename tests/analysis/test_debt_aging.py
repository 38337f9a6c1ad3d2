from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.debt_aging import AgedDebt, add_debts, age_debt, windows

DAY = date(2026, 10, 15)
MONEY = st.decimals(-(10**6), 10**6, places=2)


def aged(debt: int, sales: dict[int, int]) -> AgedDebt:
    """sales: by days before DAY."""
    by_day = {DAY - timedelta(days=age): Decimal(amount) for age, amount in sales.items()}
    return age_debt(Decimal(debt), by_day, DAY)


def test_the_windows_are_the_buckets_without_a_gap() -> None:
    assert windows(DAY) == (
        (date(2026, 9, 15), DAY),
        (date(2026, 8, 16), date(2026, 9, 14)),
        (date(2026, 7, 17), date(2026, 8, 15)),
    )


@pytest.mark.parametrize(
    ("debt", "sales", "buckets", "oldest_age"),
    [
        (0, {5: 100}, (0, 0, 0, 0), None),
        (60, {5: 100}, (60, 0, 0, 0), 5),
        (150, {5: 100, 30: 20, 31: 25, 60: 100}, (120, 30, 0, 0), 60),
        (150, {0: 50, 61: 50, 90: 50}, (50, 0, 100, 0), 90),
        (150, {0: 50, 91: 500}, (50, 0, 0, 100), None),
        # A day on which more came back than was sold covers nothing.
        (150, {0: -50, 10: 100, 40: 100}, (100, 50, 0, 0), 40),
    ],
)
def test_the_latest_sales_are_the_unpaid_ones(
    debt: int, sales: dict[int, int], buckets: tuple[int, ...], oldest_age: int | None
) -> None:
    assert aged(debt, sales) == AgedDebt(
        debt=Decimal(debt),
        buckets=tuple(map(Decimal, buckets)),
        oldest_day=None if oldest_age is None else DAY - timedelta(days=oldest_age),
    )


def test_the_oldest_day_of_several_debts_is_unknown_if_one_of_them_is() -> None:
    paid, recent, old = aged(0, {}), aged(60, {5: 100}), aged(60, {40: 100})
    unknown = aged(60, {})

    assert add_debts([paid, recent, old]).oldest_day == DAY - timedelta(days=40)
    assert add_debts([recent, unknown]).oldest_day is None
    assert list(add_debts([recent, unknown]).buckets) == [60, 0, 0, 60]
    assert add_debts([]) == aged(0, {})


@given(st.decimals(0, 10**7, places=2), st.dictionaries(st.dates(date(2026, 6, 1), DAY), MONEY))
def test_buckets_add_up_to_the_debt_and_never_exceed_the_sales(
    debt: Decimal, sales: dict[date, Decimal]
) -> None:
    found = age_debt(debt, sales, DAY)

    assert sum(found.buckets) == debt
    assert all(amount >= 0 for amount in found.buckets)
    for amount, (first, last) in zip(found.buckets, windows(DAY), strict=False):
        assert amount <= sum(
            max(sold, Decimal(0)) for day, sold in sales.items() if first <= day <= last
        )
