from datetime import date

import pytest

from onecgw.analysis.periods import (
    DateRange,
    Earlier,
    EarlierDay,
    compared_with,
    earlier_day,
    period_from,
)


def period(first: str, last: str) -> DateRange:
    return DateRange(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("of", "comparison", "expected"),
    [
        (("2026-07-01", "2026-09-30"), "previous_year", ("2025-07-01", "2025-09-30")),
        (("2026-07-01", "2026-09-30"), "previous_period", ("2026-04-01", "2026-06-30")),
        (("2026-01-01", "2026-10-15"), "previous_year", ("2025-01-01", "2025-10-15")),
        (("2026-10-06", "2026-10-15"), "previous_period", ("2026-09-26", "2026-10-05")),
    ],
)
def test_the_period_before(
    of: tuple[str, str], comparison: Earlier, expected: tuple[str, str]
) -> None:
    assert compared_with(period(*of), comparison) == period(*expected)


@pytest.mark.parametrize(
    ("of", "first", "expected"),
    [
        (("2026-02-01", "2026-02-28"), "2026-01-01", ("2026-01-01", "2026-01-31")),
        (("2026-02-01", "2026-02-28"), "2026-01-02", ("2026-01-02", "2026-01-29")),
        (("2026-02-01", "2026-02-27"), "2026-01-01", ("2026-01-01", "2026-01-27")),
    ],
)
def test_a_period_from_another_day_is_as_long(
    of: tuple[str, str], first: str, expected: tuple[str, str]
) -> None:
    assert period_from(period(*of), date.fromisoformat(first)) == period(*expected)


@pytest.mark.parametrize(
    ("day", "comparison", "expected"),
    [
        ("2026-10-15", "previous_year", "2025-10-15"),
        ("2026-10-15", "previous_month", "2026-09-15"),
        ("2026-09-30", "previous_month", "2026-08-31"),
        ("2025-02-28", "previous_year", "2024-02-29"),
        ("2024-02-29", "previous_year", "2023-02-28"),
        ("2026-01-31", "previous_month", "2025-12-31"),
    ],
)
def test_the_day_before(day: str, comparison: EarlierDay, expected: str) -> None:
    assert earlier_day(date.fromisoformat(day), comparison) == date.fromisoformat(expected)
