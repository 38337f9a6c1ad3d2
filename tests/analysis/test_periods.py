from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.analysis.periods import (
    DateRange,
    Earlier,
    compared_with,
    is_too_long,
    merged,
    shift_months,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@st.composite
def periods(draw: st.DrawFn) -> DateRange:
    first = draw(DAYS)
    return DateRange(first, first + timedelta(days=draw(st.integers(0, 740))))


def period(first: str, last: str) -> DateRange:
    return DateRange(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("span", "comparison", "expected"),
    [
        (("2026-08-01", "2026-10-31"), "previous_period", ("2026-05-01", "2026-07-31")),
        (("2026-03-01", "2026-03-31"), "previous_period", ("2026-02-01", "2026-02-28")),
        (("2026-02-01", "2026-02-28"), "previous_period", ("2026-01-01", "2026-01-31")),
        (("2026-03-02", "2026-03-31"), "previous_period", ("2026-01-31", "2026-03-01")),
        (("2026-05-05", "2026-05-05"), "previous_period", ("2026-05-04", "2026-05-04")),
        (("2026-08-01", "2026-10-31"), "previous_year", ("2025-08-01", "2025-10-31")),
        (("2025-02-01", "2025-02-28"), "previous_year", ("2024-02-01", "2024-02-29")),
        (("2024-02-01", "2024-02-29"), "previous_year", ("2023-02-01", "2023-02-28")),
        (("2025-02-10", "2025-02-28"), "previous_year", ("2024-02-10", "2024-02-29")),
        (("2025-02-28", "2025-02-28"), "previous_year", ("2024-02-28", "2024-02-28")),
        (("2024-02-29", "2024-02-29"), "previous_year", ("2023-02-28", "2023-02-28")),
        (("2024-02-29", "2024-03-15"), "previous_year", ("2023-02-28", "2023-03-15")),
    ],
)
def test_a_span_is_compared_with_its_like(
    span: tuple[str, str], comparison: Earlier, expected: tuple[str, str]
) -> None:
    assert compared_with(period(*span), comparison) == period(*expected)


@given(periods())
def test_the_previous_period_ends_on_the_eve_and_is_cut_like_the_period(span: DateRange) -> None:
    before = compared_with(span, "previous_period")

    assert before is not None
    assert before.last == span.eve
    if span.is_whole_months:
        assert before.is_whole_months
        assert len(before.months) == len(span.months)
    else:
        assert before.days == span.days


@given(periods())
def test_months_follow_each_other_without_gaps_and_make_the_span(span: DateRange) -> None:
    months = span.months

    assert (months[0].first, months[-1].last) == (span.first, span.last)
    assert all(later.eve == month.last for month, later in pairwise(months))
    assert sum(month.days for month in months) == span.days
    assert all(month.first.replace(day=1) == month.last.replace(day=1) for month in months)


@given(periods())
def test_a_month_weighs_one_and_a_part_of_it_its_share_of_days(span: DateRange) -> None:
    for month in span.months:
        whole = DateRange(month.key, shift_months(month.key, 1) - timedelta(days=1))
        assert month.month_weight == Fraction(month.days, whole.days)


def test_a_span_of_24_months_is_the_longest() -> None:
    assert not is_too_long(period("2024-11-01", "2026-10-31"))
    assert is_too_long(period("2024-11-01", "2026-11-01"))
    assert not is_too_long(period("2024-11-15", "2026-11-14"))
    assert is_too_long(period("2024-11-15", "2026-11-15"))


def test_spans_that_touch_at_the_beginning_of_a_month_are_one() -> None:
    summer, autumn = period("2026-06-01", "2026-08-31"), period("2026-09-01", "2026-11-30")
    assert merged((autumn, summer)) == (period("2026-06-01", "2026-11-30"),)


def test_spans_that_share_a_month_or_overlap_stay_apart() -> None:
    halves = (period("2026-05-01", "2026-05-15"), period("2026-05-16", "2026-05-31"))
    years = (period("2023-11-01", "2025-10-31"), period("2024-11-01", "2026-10-31"))
    assert merged(halves) == halves
    assert merged(years) == years
    assert not years[0].contains(years[1])
