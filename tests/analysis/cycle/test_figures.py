"""What holds of the figures of any books, month by month and as a whole."""

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.cycle.answer import Inquiry, render
from onecgw.analysis.cycle.figures import (
    BALANCES,
    COMPONENTS,
    FLOWS,
    Books,
    DpoBase,
    Figures,
    ratios_for,
)
from onecgw.analysis.cycle.formulas import Basis, balance_days, effects
from onecgw.analysis.cycle.periods import Span, compared_with
from onecgw.analysis.cycle.rounding import days
from onecgw.errors import OnecTimeout
from tests.analysis.cycle.test_spans import spans

BASES: st.SearchStrategy[Basis] = st.sampled_from(["average", "closing"])
DPO_BASES: st.SearchStrategy[DpoBase] = st.sampled_from(["purchases", "cogs"])


@st.composite
def books_of(draw: st.DrawFn, span: Span) -> Books:
    """Books with balances and flows of either sign, at times without one component."""
    seed = draw(st.integers(1, 10**9))
    below_zero = draw(st.sampled_from([0, 1000, 500_000]))
    missing = draw(st.sets(st.sampled_from(sorted(COMPONENTS)), max_size=1))

    def amount(series: str, day: date) -> Decimal:
        # Scattered by arithmetic: to draw each of hundreds of amounts would take too long.
        scattered = seed * (len(series) + 7) * day.toordinal() % 1_000_003
        return Decimal(scattered - below_zero).scaleb(-2)

    return Books(
        span=span,
        balances={
            series: {day: amount(series, day) for day in balance_days(span, "average")}
            for series in BALANCES
        },
        flows={
            series: {month.key: amount(series, month.key) for month in span.months}
            for series in FLOWS
        },
        missing={name: OnecTimeout("late") for name in missing},
    )


@st.composite
def inquiries(draw: st.DrawFn) -> Inquiry:
    span: Span = draw(spans())
    basis, dpo_base = draw(BASES), draw(DPO_BASES)
    before = compared_with(span, draw(st.sampled_from(["previous_period", "previous_year"])))
    assert before is not None
    return Inquiry(
        ratios=ratios_for(dpo_base),
        basis=basis,
        by_month=True,
        now=draw(books_of(span)),
        before=draw(books_of(before)),
    )


def all_figures(inquiry: Inquiry) -> list[Figures]:
    assert inquiry.before is not None
    return [
        inquiry.figures(inquiry.now),
        inquiry.figures(inquiry.before),
        *inquiry.monthly_figures(),
    ]


@given(inquiries())
def test_ccc_is_dio_and_dso_less_dpo_for_every_month_and_the_whole(inquiry: Inquiry) -> None:
    for figures in all_figures(inquiry):
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


@given(inquiries())
def test_days_flows_and_balances_of_the_months_weigh_up_to_the_whole(inquiry: Inquiry) -> None:
    whole, months = inquiry.figures(inquiry.now), inquiry.monthly_figures()

    assert sum(month.span.days for month in months) == whole.span.days
    weights = [month.span.month_weight for month in months]
    for name, turnover in whole.turnovers.items():
        parts = [month.turnovers[name] for month in months]
        assert sum((part.flow for part in parts), Fraction(0)) == turnover.flow
        if inquiry.basis == "closing":
            assert parts[-1].balance == turnover.balance
        else:
            weighed = [weight * part.balance for weight, part in zip(weights, parts, strict=True)]
            assert sum(weighed, Fraction(0)) == turnover.balance * sum(weights, Fraction(0))


@given(inquiries())
def test_the_contributions_make_the_change_of_the_cycle(inquiry: Inquiry) -> None:
    now, before, *_ = all_figures(inquiry)
    if now.ccc is None or before.ccc is None:
        return
    made = Fraction(0)
    for name, sign in COMPONENTS.items():
        found = effects(before.turnovers[name], now.turnovers[name])
        assert found is not None
        made += sign * (found.balance + found.flow)
    assert made == now.ccc - before.ccc


@given(inquiries())
def test_what_is_told_is_what_was_computed_rounded_once(inquiry: Inquiry) -> None:
    now, before, *_ = all_figures(inquiry)
    answer = render(inquiry)

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
