from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from onecgw.analysis.cycle.books_range import outside_books
from onecgw.analysis.cycle.figures import BALANCES, PeriodData
from onecgw.analysis.periods import DateRange

MAY = DateRange(date(2026, 5, 1), date(2026, 5, 31))
EVE, LAST = MAY.eve, MAY.last


def data(
    balances: Mapping[date, int], flows: Mapping[int, int], period: DateRange = MAY
) -> PeriodData:
    """balances: of stock; the others are zero. flows: sales by the number of a month."""
    by_day = {day: Decimal(amount) for day, amount in balances.items()}
    nothing = dict.fromkeys(by_day, Decimal(0))
    sales = {month.key: Decimal(flows.get(month.first.month, 0)) for month in period.months}
    return PeriodData(
        period=period,
        balances={name: by_day if name == "stock" else nothing for name in BALANCES},
        flows={"sales": sales, "purchases": dict.fromkeys(sales, Decimal(0))},
        missing={},
    )


def test_a_period_within_the_books_has_no_reason() -> None:
    assert outside_books(data({EVE: 5, LAST: 5}, {5: 1}), date(2026, 5, 24)) == ""
    assert outside_books(data({EVE: 5, LAST: 5}, {5: 1}), None) == ""


@pytest.mark.parametrize(
    ("balances", "flows", "last_sale", "reason"),
    [
        ({EVE: 0, LAST: 5}, {5: 1}, LAST, "every balance is zero at the end of 2026-04-30"),
        ({EVE: 5, LAST: 0}, {5: 1}, LAST, "every balance is zero at the end of 2026-05-31"),
        ({EVE: 5, LAST: 5}, {}, LAST, "nothing was sold or bought from 2026-05-01 to 2026-05-31"),
        ({EVE: 5, LAST: 5}, {5: 1}, date(2026, 5, 23), "the last sale is of 2026-05-23"),
    ],
)
def test_a_period_beyond_the_books_has_the_reason(
    balances: Mapping[date, int], flows: Mapping[int, int], last_sale: date, reason: str
) -> None:
    assert reason in outside_books(data(balances, flows), last_sale)


@pytest.mark.parametrize(
    ("last", "is_outside"), [(date(2026, 6, 7), False), (date(2026, 6, 8), True)]
)
def test_a_few_days_of_a_month_may_be_holidays(last: date, *, is_outside: bool) -> None:
    period = DateRange(MAY.first, last)
    found = data({period.eve: 5, last: 5}, {5: 1}, period)

    assert bool(outside_books(found, None)) == is_outside


def test_balances_that_are_not_all_known_prove_nothing() -> None:
    found = data({LAST: 0}, {5: 1})
    some = {name: days for name, days in found.balances.items() if name != "payable"}
    partly = PeriodData(period=MAY, balances=some, flows=found.flows, missing={})

    assert outside_books(partly, LAST) == ""
