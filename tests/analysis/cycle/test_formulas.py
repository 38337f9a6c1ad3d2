from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.cycle.formulas import (
    Basis,
    RatioTerms,
    balance_days,
    balance_of,
    cash_effect,
    cycle,
    driver,
    effects,
    net_cycle,
)
from onecgw.analysis.periods import DateRange
from tests.analysis.test_periods import period, periods

MONEY = st.decimals(Decimal(-(10**15)), Decimal(10**15), allow_nan=False, places=2)
LONG = st.decimals(Decimal(-(10**20)), Decimal(10**20), allow_nan=False, places=18)
FRACTIONS = st.fractions(max_denominator=10**6)
RATIOS = st.none() | FRACTIONS
TURNOVERS = st.builds(
    RatioTerms,
    balance=(MONEY | LONG).map(Fraction),
    flow=MONEY.filter(lambda amount: amount > 0).map(Fraction),
    days=st.integers(1, 740),
)
QUARTER = period("2026-08-01", "2026-10-31")


@st.composite
def spans_with_balances(draw: st.DrawFn) -> tuple[DateRange, Mapping[date, Decimal]]:
    span = draw(periods())
    days = balance_days(span, "average")
    return span, dict(zip(days, draw(st.lists(MONEY, min_size=len(days), max_size=len(days)))))  # noqa: B905 - sized one line above


def test_the_average_of_whole_months_is_the_chronological_mean() -> None:
    days = balance_days(QUARTER, "average")
    balances = dict(zip(days, map(Decimal, ("100", "200", "400", "300")), strict=True))

    assert days == (date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31))
    assert balance_of(QUARTER, balances, "average") == Fraction(50 + 200 + 400 + 150, 3)


def test_a_part_of_a_month_weighs_by_its_days() -> None:
    span = period("2026-08-17", "2026-09-30")  # 15 of 31 days, then a whole month
    balances = {
        date(2026, 8, 16): Decimal(100),
        date(2026, 8, 31): Decimal(200),
        date(2026, 9, 30): Decimal(400),
    }
    share = Fraction(15, 31)

    assert balance_of(span, balances, "average") == (share * 150 + 300) / (share + 1)


def test_the_closing_balance_needs_the_last_day_only() -> None:
    assert balance_days(QUARTER, "closing") == (date(2026, 10, 31),)
    assert balance_of(QUARTER, {date(2026, 10, 31): Decimal("7.10")}, "closing") == Fraction(71, 10)


@given(spans_with_balances())
def test_the_averages_of_the_months_weigh_up_to_that_of_the_span(
    known: tuple[DateRange, Mapping[date, Decimal]],
) -> None:
    span, balances = known
    weighed = sum(
        (month.month_weight * balance_of(month, balances, "average") for month in span.months),
        Fraction(0),
    )
    weights = sum((month.month_weight for month in span.months), Fraction(0))

    assert weighed / weights == balance_of(span, balances, "average")


@given(periods(), MONEY, st.sampled_from(["average", "closing"]))
def test_a_balance_that_does_not_move_is_its_own_average(
    span: DateRange, amount: Decimal, basis: Basis
) -> None:
    balances = dict.fromkeys(balance_days(span, basis), amount)
    assert balance_of(span, balances, basis) == Fraction(amount)


def test_days_are_balance_by_flow_times_days() -> None:
    terms = RatioTerms(balance=Fraction(300), flow=Fraction(900), days=90)
    assert (terms.flow_per_day, terms.days_tied_up) == (Fraction(10), Fraction(30))


@pytest.mark.parametrize("flow", [0, -5])
def test_a_flow_that_is_not_above_zero_turns_nothing_over(flow: int) -> None:
    still = RatioTerms(balance=Fraction(300), flow=Fraction(flow), days=90)
    moving = RatioTerms(balance=Fraction(300), flow=Fraction(1), days=90)
    assert still.days_tied_up is None
    assert effects(still, moving) is None
    assert effects(moving, still) is None


@given(TURNOVERS, TURNOVERS)
def test_the_two_effects_add_exactly_to_the_change(before: RatioTerms, after: RatioTerms) -> None:
    found, old, new = effects(before, after), before.days_tied_up, after.days_tied_up

    assert found is not None
    assert old is not None
    assert new is not None
    assert found.balance + found.flow == found.change == new - old


@given(TURNOVERS, FRACTIONS)
def test_only_the_balance_moved_or_only_the_flow_did(before: RatioTerms, amount: Fraction) -> None:
    other_balance = RatioTerms(balance=amount, flow=before.flow, days=before.days)
    other_flow = RatioTerms(balance=before.balance, flow=before.flow * 2, days=before.days)
    by_balance, by_flow = effects(before, other_balance), effects(before, other_flow)

    assert by_balance is not None
    assert by_flow is not None
    assert by_balance.flow == 0
    assert by_flow.balance == 0


@given(RATIOS, RATIOS, RATIOS)
def test_the_cycle_is_dio_and_dso_less_dpo_and_null_without_one_of_them(
    dio: Fraction | None, dso: Fraction | None, dpo: Fraction | None
) -> None:
    ccc = cycle(dio, dso, dpo)
    if dio is None or dso is None or dpo is None:
        assert ccc is None
    else:
        assert ccc == dio + dso - dpo


@given(RATIOS, RATIOS, RATIOS)
def test_advances_received_shorten_the_net_cycle_and_advances_paid_lengthen_it(
    ccc: Fraction | None, received: Fraction | None, paid: Fraction | None
) -> None:
    net = net_cycle(ccc, received, paid)
    if ccc is None or received is None or paid is None:
        assert net is None
    else:
        assert net == ccc - received + paid


@given(st.fixed_dictionaries(dict.fromkeys(("dio", "dso", "dpo"), FRACTIONS)))
def test_the_driver_contributes_most_in_the_direction_of_the_change(
    contributions: dict[str, Fraction],
) -> None:
    total, name = sum(contributions.values()), driver(contributions)
    if total == 0:
        assert name is None
    else:
        assert name is not None
        assert contributions[name] * total > 0
        direction = 1 if total > 0 else -1
        assert all(
            contributions[name] * direction >= one * direction for one in contributions.values()
        )


@given(TURNOVERS, TURNOVERS)
def test_the_cash_effect_is_the_money_that_the_longer_wait_holds(
    before: RatioTerms, after: RatioTerms
) -> None:
    found = effects(before, after)
    assert found is not None
    # What the balance is, less what it would be at the old number of days.
    old = before.days_tied_up
    assert old is not None
    assert cash_effect(found.change, after) == after.balance - old * after.flow_per_day
