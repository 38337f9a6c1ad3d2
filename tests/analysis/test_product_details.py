"""product_details returns the requested products and no others."""

import json
from typing import Any

import pytest

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.demo.books import Books
from onecgw.errors import OnecBadResponse, OnecRejected, ValidationFailed
from tests.builders.demo_gateway import ask, open_demo


def ids(books: Books, count: int) -> list[str]:
    items = books.catalogues["products"].items
    return [item.uuid for item in items if not item.is_group][:count]


async def test_every_product_is_returned_once_in_the_order_of_the_ids(small_books: Books) -> None:
    requested = ids(small_books, 40)[::-1]
    async with open_demo(small_books) as rig:
        answer = await ask(rig, "product_details", product_ids=requested)
        again = await ask(rig, "product_details", product_ids=requested)

    assert [one["id"] for one in answer["candidates"]] == requested
    assert set(answer["candidates"][0]) == {"id", "label", "code", "group", "unit", "status"}
    assert answer["truncated"] is False
    assert again == answer
    assert len(rig.onec.requests) == 1  # kept as the answers of resolvers are


async def test_who_may_not_see_cost_sees_all_else_of_what_is_new(small_books: Books) -> None:
    scopes = frozenset(ALL_SCOPES) - {COST}
    requested: list[tuple[str, dict[str, Any]]] = [
        ("product_details", {"product_ids": ids(small_books, 1)}),
        ("resolve_warehouse", {"query": ""}),
        ("resolve_product", {"query": "насос", "limit": 1}),
        ("cash_balance", {"date": "2026-10-31"}),
        (
            "goods_in_transit",
            {"date": "2026-10-31", "group_by": ["document"], "measures": ["amount_in_currency"]},
        ),
        (
            "sales_report",
            {
                "period": {"from": "2026-10-01", "to": "2026-10-31"},
                "group_by": ["product_parent", "weekday"],
                "measures": ["amount_net", "returns"],
                "filters": {"product_status": "active"},
            },
        ),
    ]
    async with open_demo(small_books) as rig:
        for tool, arguments in requested:
            raw = json.dumps(arguments).encode()
            closed = json.loads(await rig.call(tool, raw, scopes=scopes))
            open_ = json.loads(await rig.call(tool, raw))
            assert set(closed) - {"notes"} == set(open_) - {"notes"}, tool
            assert "notice" not in closed or closed["notice"] == open_.get("notice"), tool
            for one, other in zip(
                closed.get("candidates", ()), open_.get("candidates", ()), strict=False
            ):
                assert set(one) == set(other), tool


@pytest.mark.parametrize("change", ["one is missing", "one is another", "one is there twice"])
async def test_an_answer_about_other_products_is_refused(change: str, small_books: Books) -> None:
    first, second, other = ids(small_books, 3)

    def falsify(_: str, body: Any) -> None:
        if change == "one is missing":
            body["candidates"].pop()
        elif change == "one is another":
            body["candidates"][0]["id"] = other
        else:
            body["candidates"].append(body["candidates"][0])

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
