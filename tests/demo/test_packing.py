import sqlite3
from collections.abc import Mapping, Sequence

import pytest

from onecgw.demo.books import Books
from onecgw.demo.ledger.company import SIZES
from onecgw.demo.packing import Word, group_count, pack
from onecgw.demo.report import Dimension
from onecgw.demo.reports import SALES_REPORT

PLAIN = [one for one in SALES_REPORT.dimensions if one.kind != "string"]


def unpacked(words: Sequence[Word], values: Mapping[str, int]) -> dict[str, int]:
    """What SQLite reads from the words that it has made of columns with these values."""
    columns = ", ".join(f"{value} AS {name}" for name, value in values.items())
    made = ", ".join(f"{word.sql} AS {word.name}" for word in words)
    fields = {name: sql for word in words for name, sql in word.fields.items()}
    db = sqlite3.connect(":memory:")
    (row,) = db.execute(
        f"SELECT {', '.join(fields.values())} FROM (SELECT {made} FROM (SELECT {columns}))"  # noqa: S608
    )
    db.close()
    return dict(zip(fields, row, strict=True))


def largest(dimension: Dimension, books: Books) -> int:
    if dimension.kind == "date":
        return len(books.calendar[dimension.name]) - 1
    return len(books.catalogues[dimension.catalogues[0]].items)


@pytest.mark.parametrize("some", [PLAIN[:1], PLAIN[:3], PLAIN, PLAIN[::-1]], ids=len)
def test_every_field_is_read_as_it_was_packed(some: list[Dimension], default_books: Books) -> None:
    words = pack(some, default_books)
    for values in (
        {one.column: largest(one, default_books) for one in some},
        {one.column: 1 for one in some},
        {one.column: place % 2 for place, one in enumerate(some)},
    ):
        expected = {one.name: values[one.column] for one in some}
        assert unpacked(words, values) == expected


def test_six_free_dimensions_of_a_sale_are_one_number(default_books: Books) -> None:
    free = [one for one in SALES_REPORT.dimensions if one.given_by is None]
    assert len(free) == 6
    assert len(pack(free, default_books)) == 1


def test_given_dimension_makes_no_more_groups(small_books: Books) -> None:
    product, group = SALES_REPORT.dimension["product"], SALES_REPORT.dimension["product_group"]
    alone = group_count([product], small_books)
    assert group_count([group, product], small_books) == alone
    assert alone == SIZES["small"].products
    folders = [item for item in small_books.catalogues["products"].items if item.is_group]
    assert group_count([group], small_books) == len(folders)
