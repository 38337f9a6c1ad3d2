"""What the analyst is to find is there, in both sizes, and it is what the scenario says."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from onecgw.demo.books import Books, open_books
from tests.builders.demo_queries import ask
from tests.demo.cycle import Cycle, cycle

SCENARIO_GROUP = "Обігрівачі"


def before_and_after(books: Books) -> tuple[Cycle, Cycle]:
    """The same months a year ago, and the scenario."""
    first, last = books.scenario_period
    year_ago = cycle(books, first.replace(year=first.year - 1), last.replace(year=last.year - 1))
    return year_ago, cycle(books, first, last)


def growth_by_group(books: Books) -> dict[str, Decimal]:
    first, last = books.scenario_period
    opening, closing = (
        ask(
            books, "stock", date=day.isoformat(), group_by=["product_group"], measures=["amount"]
        ).by("product_group", measure="amount")
        for day in (first - timedelta(days=1), last)
    )
    products = books.catalogues["products"]
    growth = {}
    for uuid, value in closing.items():
        group = products.by_uuid(uuid)
        assert group is not None
        growth[group.label] = value - opening.get(uuid, Decimal(0))
    return growth


def assert_is_the_scenario(before: Cycle, after: Cycle) -> None:
    """About fifteen days longer, because of the stock."""
    assert 12 <= after.days - before.days <= 18
    assert after.stock - before.stock >= 10
    assert abs(after.receivables - before.receivables) < 5
    assert abs(after.payables - before.payables) < 5


def test_cycle_lengthens_by_about_fifteen_days_because_of_stock(books: Books) -> None:
    assert_is_the_scenario(*before_and_after(books))


def test_cycle_lengthens_against_the_quarter_before_as_well(default_books: Books) -> None:
    first, last = default_books.scenario_period
    before = cycle(default_books, date(2026, 4, 1), first - timedelta(days=1))
    assert_is_the_scenario(before, cycle(default_books, first, last))


def test_one_group_makes_the_growth_of_the_stock(books: Books) -> None:
    growth = growth_by_group(books)
    best = max(growth, key=lambda label: growth[label])
    assert best == SCENARIO_GROUP
    others = sorted(growth.values())[-2]
    assert growth[best] > 5 * max(others, Decimal(1))


@pytest.mark.parametrize(
    ("seed", "today"),
    [
        (1, date(2026, 1, 1)),
        (2, date(2026, 7, 1)),
        (3, date(2024, 2, 29)),
        (4, date(2026, 12, 31)),
        (5, date(2026, 5, 5)),
        (1, date(2025, 3, 31)),
    ],
)
def test_scenario_happens_whatever_the_seed_the_day_and_the_season(seed: int, today: date) -> None:
    with open_books(
        size="small", seed=seed, today=today, cache_folder=None, progress=lambda _: None
    ) as books:
        assert_is_the_scenario(*before_and_after(books))
        growth = growth_by_group(books)
    assert max(growth, key=lambda label: growth[label]) == SCENARIO_GROUP
