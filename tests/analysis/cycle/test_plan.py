"""What of the cycle depends on the time of the call."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from onecgw.analysis.cycle.reading import Amounts, MonthlyAmounts
from onecgw.analysis.periods import DateRange
from onecgw.catalogue.tools.cycle import compose
from onecgw.catalogue.tools.cycle_plan import CashConversionCycle, CyclePlan, Key, plan
from onecgw.catalogue.tools.parts import Period
from onecgw.errors import OnecgwError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)  # the 21st ends in the last time zone
AT_TEN = NOON - timedelta(hours=2)  # the 23rd begins in the first time zone
INSTANT = timedelta(microseconds=1)


def request(last: date) -> CashConversionCycle:
    return CashConversionCycle(
        period=Period(first=date(2026, 11, 1), last=last), compare="none", balance_basis="closing"
    )


def kept_days(last: date, now: datetime) -> set[date]:
    """The days whose balances may be kept."""
    questions = plan(request(last), now)
    return {
        key.when
        for key, question in questions.items()
        if question.is_settled and isinstance(key.when, date)
    }


def warnings(last: date, now: datetime) -> list[str]:
    cycle = request(last)
    outcomes: dict[Key | str, Amounts | MonthlyAmounts | date | OnecgwError | None] = {}
    for key in plan(cycle, now):
        one = Decimal(1)
        if isinstance(key.when, DateRange):
            months = {month.key: one for month in key.when.months}
            of = dict.fromkeys(key.source.series, months)
            outcomes[key] = MonthlyAmounts(of=of, unreadable={}, currency="")
        else:
            outcomes[key] = Amounts(of=dict.fromkeys(key.source.series, one), currency="")
    found = compose(cycle, outcomes, now)["warnings"]
    assert isinstance(found, list)
    return [one for one in found if "the period ends" in one]


def test_nothing_is_compared_with_nothing() -> None:
    assert CyclePlan(request(date(2026, 11, 30))).before is None


def test_balances_are_kept_of_days_that_are_over_everywhere_on_earth() -> None:
    day = date(2026, 11, 21)
    assert kept_days(day, NOON) == {day}
    assert kept_days(day, NOON - INSTANT) == set()


def test_flows_are_never_kept() -> None:
    questions = plan(request(date(2026, 11, 20)), NOON)
    assert not any(
        one.is_settled for key, one in questions.items() if isinstance(key.when, DateRange)
    )


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (date(2026, 11, 21), NOON, None),
        (date(2026, 11, 21), NOON - INSTANT, "may not be over yet"),
        (date(2026, 11, 22), NOON, "may not be over yet"),
        (date(2026, 11, 23), AT_TEN, "may not be over yet"),
        (date(2026, 11, 23), AT_TEN - INSTANT, "in the future"),
        (date(2026, 11, 24), NOON, "in the future"),
    ],
)
def test_a_period_whose_last_day_may_not_be_over_is_warned_of(
    last: date, now: datetime, expected: str | None
) -> None:
    found = warnings(last, now)
    assert len(found) == (expected is not None)
    assert all(f"the period ends on {last}" in one and str(expected) in one for one in found)
