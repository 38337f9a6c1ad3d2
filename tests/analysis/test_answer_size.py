"""What an analysis costs a model that asks without `top`."""

import json
from typing import Any

import pytest

from onecgw.demo.books import Books
from tests.builders.demo_gateway import open_demo
from tests.questions.replay import CHARACTERS_PER_TOKEN, MOST_TOKENS

SUMMER = {"from": "2026-06-01", "to": "2026-08-31"}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("debt_aging", {"side": "receivable"}),
        ("debt_aging", {"side": "payable"}),
        ("stock_cover", {}),
        ("stock_cover", {"bucket": "enough"}),
        ("margin_bridge", {"period": SUMMER}),
        ("company", {}),
        ("sales_report", {"period": SUMMER, "group_by": ["customer"], "compare": "previous_year"}),
        (
            "stock_balance",
            {"group_by": ["product"], "share": "amount", "measures": ["qty", "amount"]},
        ),
    ],
)
async def test_an_analysis_is_short_by_default(
    tool: str, arguments: dict[str, Any], small_books: Books
) -> None:
    dated = {} if "period" in arguments or tool == "company" else {"date": "2026-10-31"}
    async with open_demo(small_books) as rig:
        body = await rig.call(tool, json.dumps({**arguments, **dated}).encode())

    assert len(body.decode()) <= MOST_TOKENS * CHARACTERS_PER_TOKEN
    answer = json.loads(body)
    assert len(answer.get("rows", [])) == min(10, answer.get("rows_total", 0))
