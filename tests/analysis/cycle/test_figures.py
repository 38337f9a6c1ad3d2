"""Properties of the figures, month by month and as a whole, whatever the data."""

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.cycle.answer import CycleInput, render
from onecgw.analysis.cycle.figures import (
    BALANCES,
    COMPONENTS,
    FLOWS,
    DpoBase,
    Figures,
    PeriodData,
    ratios_for,
)
from onecgw.analysis.cycle.formulas import Basis, balance_days, effects
from onecgw.analysis.decimals import days
from onecgw.analysis.periods import DateRange, compared_with
from onecgw.errors import OnecTimeout
from tests.analysis.test_periods import periods

BASES: st.SearchStrategy[Basis] = st.sampled_from(["average", "closing"])
DPO_BASES: st.SearchStrategy[DpoBase] = st.sampled_from(["purchases", "cogs"])


@st.composite
def data_of(draw: st.DrawFn, period: DateRange) -> PeriodData:
    """Data with balances and flows of either sign, at times without one component."""
    seed = draw(st.integers(1, 10**9))
    below_zero = draw(st.sampled_from([0, 1000, 500_000]))
    missing = draw(st.sets(st.sampled_from(sorted(COMPONENTS)), max_size=1))

    def amount(series: str, day: date) -> Decimal:
        # Scattered by arithmetic: to draw each of hundreds of amounts would take too long.
        scattered = seed * (len(series) + 7) * day.toordinal() % 1_000_003
        return Decimal(scattered - below_zero).scaleb(-2)

    return PeriodData(
        period=period,
        balances={
            series: {day: amount(series, day) for day in balance_days(period, "average")}
            for series in BALANCES
        },
        flows={
            series: {month.key: amount(series, month.key) for month in period.months}
            for series in FLOWS
        },
        missing={name: OnecTimeout("late") for name in missing},
    )


@st.composite
def cycle_inputs(draw: st.DrawFn) -> CycleInput:
    period: DateRange = draw(periods())
    basis, dpo_base = draw(BASES), draw(DPO_BASES)
    before = compared_with(period, draw(st.sampled_from(["previous_period", "previous_year"])))
    assert before is not None
    return CycleInput(
        ratios=ratios_for(dpo_base),
        basis=basis,
        by_month=True,
        now=draw(data_of(period)),
        before=draw(data_of(before)),
    )


def all_figures(inputs: CycleInput) -> list[Figures]:
    assert inputs.before is not None
    return [
        inputs.figures(inputs.now),
        inputs.figures(inputs.before),
        *inputs.monthly_figures(),
    ]


@given(cycle_inputs())
def test_ccc_is_dio_and_dso_less_dpo_for_every_month_and_the_whole(inputs: CycleInput) -> None:
    for figures in all_figures(inputs):
        dio, dso, dpo = (figures.days(name) for name in ("dio", "dso", "dpo"))
        received = figures.days("advance_days_received")
        paid = figures.days("advance_days_paid")
        if dio is None or dso is None or dpo is None:
            assert figures.ccc is figures.ccc_net is None
        else:
            assert figures.ccc == dio + dso - dpo
            assert received is not None
            assert paid is not None
            assert figures.ccc_net == dio + dso - dpo - received + paid


@given(cycle_inputs())
def test_days_flows_and_balances_of_the_months_weigh_up_to_the_whole(inputs: CycleInput) -> None:
    whole, months = inputs.figures(inputs.now), inputs.monthly_figures()

    assert sum(month.period.days for month in months) == whole.period.days
    weights = [month.period.month_weight for month in months]
    for name, terms in whole.terms.items():
        parts = [month.terms[name] for month in months]
        assert sum((part.flow for part in parts), Fraction(0)) == terms.flow
        if inputs.basis == "closing":
            assert parts[-1].balance == terms.balance
        else:
            weighed = [weight * part.balance for weight, part in zip(weights, parts, strict=True)]
            assert sum(weighed, Fraction(0)) == terms.balance * sum(weights, Fraction(0))


@given(cycle_inputs())
def test_the_contributions_make_the_change_of_the_cycle(inputs: CycleInput) -> None:
    now, before, *_ = all_figures(inputs)
    if now.ccc is None or before.ccc is None:
        return
    made = Fraction(0)
    for name, sign in COMPONENTS.items():
        found = effects(before.terms[name], now.terms[name])
        assert found is not None
        made += sign * (found.balance + found.flow)
    assert made == now.ccc - before.ccc


@given(cycle_inputs())
def test_figures_are_computed_exactly_and_rounded_once(inputs: CycleInput) -> None:
    now, before, *_ = all_figures(inputs)
    answer = render(inputs)

    summary = answer["summary"]
    assert isinstance(summary, dict)
    for name, exact in now.all_days.items():
        old = before.all_days[name]
        change = None if exact is None or old is None else exact - old
        assert summary[name] == days(exact)
        assert summary["previous"][name] == days(old)
        assert summary["change"][name] == days(change)
    known = [name for name, exact in now.all_days.items() if exact is not None]
    assert ("for want of" in str(answer["headline"])) == ("ccc" not in known)


@given(st.fractions(-(10**6), 10**6))
def test_days_are_rounded_to_a_tenth_halves_away_from_zero(exact: Fraction) -> None:
    context = Context(prec=60)
    expected = context.divide(exact.numerator, exact.denominator).quantize(
        Decimal("0.1"), ROUND_HALF_UP
    )
    assert days(exact) == expected
    assert str(days(exact)) != "-0.0"
