"""product_details tells of the products that were asked for, and of no others."""

from typing import Any

import pytest

from onecgw.demo.books import Books
from onecgw.errors import OnecBadResponse, OnecRejected, ValidationFailed
from tests.builders.demo_gateway import ask, open_demo


def ids(books: Books, count: int) -> list[str]:
    items = books.catalogues["products"].items
    return [item.uuid for item in items if not item.is_group][:count]


async def test_every_product_is_told_once_in_the_order_of_the_ids(small_books: Books) -> None:
    asked = ids(small_books, 40)[::-1]
    async with open_demo(small_books) as rig:
        answer = await ask(rig, "product_details", product_ids=asked)
        again = await ask(rig, "product_details", product_ids=asked)

    assert [one["id"] for one in answer["candidates"]] == asked
    assert set(answer["candidates"][0]) == {"id", "label", "code", "group", "unit", "status"}
    assert answer["truncated"] is False
    assert again == answer
    assert len(rig.onec.requests) == 1  # kept as the answers of resolvers are


@pytest.mark.parametrize("change", ["one is missing", "one is another", "one is there twice"])
async def test_an_answer_about_other_products_is_refused(change: str, small_books: Books) -> None:
    first, second, other = ids(small_books, 3)

    def falsify(_: str, told: Any) -> None:
        if change == "one is missing":
            told["candidates"].pop()
        elif change == "one is another":
            told["candidates"][0]["id"] = other
        else:
            told["candidates"].append(told["candidates"][0])

    async with open_demo(small_books, falsify=falsify) as rig:
        with pytest.raises(OnecBadResponse, match="about other objects than were asked for"):
            await ask(rig, "product_details", product_ids=[first, second])


async def test_folders_and_long_lists_are_refused(small_books: Books) -> None:
    folder = next(item for item in small_books.catalogues["products"].items if item.is_group)
    async with open_demo(small_books) as rig:
        with pytest.raises(OnecRejected, match="is a folder"):
            await ask(rig, "product_details", product_ids=[folder.uuid])
        with pytest.raises(ValidationFailed, match="at most 500 elements are accepted"):
            await ask(rig, "product_details", product_ids=[f"p{number}" for number in range(501)])
