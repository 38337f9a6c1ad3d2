"""What the analyst is to find is there, in both sizes, and it is what the story says."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from onecgw.demo.books import Books, open_books
from tests.demo.asking import ask
from tests.demo.cycle import Cycle, cycle

STORY_GROUP = "Обігрівачі"


def before_and_after(books: Books) -> tuple[Cycle, Cycle]:
    """The same months a year ago, and the story."""
    first, last = books.story_period
    year_ago = cycle(books, first.replace(year=first.year - 1), last.replace(year=last.year - 1))
    return year_ago, cycle(books, first, last)


def growth_by_group(books: Books) -> dict[str, Decimal]:
    first, last = books.story_period
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


def test_cycle_lengthens_by_about_fifteen_days_because_of_stock(default_books: Books) -> None:
    before, after = before_and_after(default_books)
    assert 10 <= after.days - before.days <= 20
    assert after.stock - before.stock >= 10
    assert abs(after.receivables - before.receivables) < 5
    assert abs(after.payables - before.payables) < 5


def test_cycle_lengthens_against_the_quarter_before_as_well(default_books: Books) -> None:
    first, last = default_books.story_period
    before = cycle(default_books, date(2026, 4, 1), first - timedelta(days=1))
    after = cycle(default_books, first, last)
    assert 10 <= after.days - before.days <= 20
    assert after.stock - before.stock >= 10


def test_one_group_makes_the_growth_of_the_stock(books: Books) -> None:
    growth = growth_by_group(books)
    best = max(growth, key=lambda label: growth[label])
    assert best == STORY_GROUP
    others = sorted(growth.values())[-2]
    assert growth[best] > 5 * max(others, Decimal(1))


@pytest.mark.parametrize("today", [date(2026, 2, 10), date(2026, 5, 5)])
def test_story_happens_whatever_the_season(today: date) -> None:
    with open_books(size="small", today=today, cache_folder=None, progress=lambda _: None) as books:
        before, after = before_and_after(books)
        growth = growth_by_group(books)
    assert after.stock - before.stock > 8
    assert max(growth, key=lambda label: growth[label]) == STORY_GROUP
