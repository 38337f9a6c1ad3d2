from datetime import date

import pytest

from onecgw.demo.simulation.calendar import Calendar, is_workday, months_before


@pytest.mark.parametrize(
    ("today", "first_day", "scenario"),
    [
        (date(2026, 10, 15), date(2024, 10, 1), (date(2026, 7, 1), date(2026, 9, 30))),
        (date(2026, 1, 1), date(2024, 1, 1), (date(2025, 10, 1), date(2025, 12, 31))),
        (date(2028, 2, 29), date(2026, 2, 1), (date(2027, 11, 1), date(2028, 1, 31))),
    ],
)
def test_books_begin_two_years_before_and_the_scenario_is_the_last_three_full_months(
    today: date, first_day: date, scenario: tuple[date, date]
) -> None:
    calendar = Calendar(today=today)
    assert (calendar.first_day, calendar.days[0], calendar.days[-1]) == (
        first_day,
        first_day,
        today,
    )
    assert (calendar.scenario_from, calendar.scenario_to) == scenario
    assert (calendar.first_day - calendar.opening_day).days == 1


def test_months_are_counted_over_the_end_of_a_year() -> None:
    assert months_before(date(2026, 1, 31), 1) == date(2025, 12, 1)
    assert months_before(date(2026, 3, 1), 0) == date(2026, 3, 1)


def test_wholesale_rests_at_the_weekend_and_retail_does_not() -> None:
    calendar = Calendar(today=date(2026, 10, 15))
    saturday = date(2026, 10, 10)
    assert not is_workday(saturday)
    assert calendar.wholesale(saturday) == 0
    assert calendar.retail(saturday) > calendar.retail(date(2026, 10, 12))
