import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.auth.caller import COST_MEASURES
from onecgw.catalogue.kinds.single_call import SingleCallTool
from onecgw.catalogue.tools import ALL
from onecgw.catalogue.tools.references import CUSTOMER
from onecgw.catalogue.tools.sales import CUSTOMER_SUMMARY, SALES_REPORT, TOP_PRODUCTS
from onecgw.catalogue.tools.stock import STOCK_BALANCE
from onecgw.errors import OnecBadResponse, OnecRejected
from onecgw.locales.text import say
from onecgw.responses.raw_json import read_members, splice
from onecgw.responses.redaction import LEFT_OUT, redact

SAID = str(say(LEFT_OUT))

REF = {"id": "1", "label": "A"}
COLUMNS = [{"name": "customer", "type": "ref"}, {"name": "amount", "type": "number"}]
TABLE = {"columns": COLUMNS, "rows": [[REF, 1.50], [None, None]], "totals": {"amount": 1.50}}
CARD = {"customer": REF, "totals": {"amount": 1}, "top_products": [{**REF, "amount": 1, "qty": 2}]}


def redacted(tool: SingleCallTool, answer: Any, *, sees_all: bool = False) -> Any:
    body = json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()
    restricted = frozenset() if sees_all else COST_MEASURES | tool.stock_value
    members, redaction = read_members(body), tool.redaction(restricted)
    return json.loads(splice({}, redact(members, redaction) if redaction else members))


@pytest.mark.parametrize(
    "more",
    [
        {"chart": {"series": [{"name": "profit", "data": [5]}]}},
        {"прибыль": 5},
        {"прибуток": {"сума": 5}},
        {"Собівартість": [5]},
        {"gross": "5"},
        {"sheet": {"columns": [{"name": "profit", "type": "number"}], "rows": [[5]]}},
        {"truncated": {"profit": 5}},
    ],
)
@pytest.mark.parametrize(
    ("tool", "answer"),
    [(SALES_REPORT, TABLE), (CUSTOMER_SUMMARY, CARD), (CUSTOMER, {"candidates": [REF]})],
)
def test_a_member_that_is_not_declared_does_not_leave(
    tool: SingleCallTool, answer: dict[str, Any], more: dict[str, Any]
) -> None:
    assert redacted(tool, answer | more) == {**answer, "notice": SAID}
    assert redacted(tool, answer | more, sees_all=True) == answer | more


def test_no_member_that_is_not_declared_leaves_a_part_of_an_answer() -> None:
    more = {"прибыль": 5, "Cost": 5, "extra": {"profit": 5}}
    answer = {
        "period": {"from": "2026-05-01", "to": "2026-05-31", **more},
        "columns": [{**column, **more} for column in COLUMNS],
        "rows": [[REF | more, 1.50], [[REF | more], None]],
        "totals": {"amount": 1.50, **more},
        "currency": {"id": "980", "label": "грн", **more},
        "notes": ["made today", more],
        "applied_filters": {"customer_ids": [REF | more], "прибыль": [5]},
    }
    assert redacted(SALES_REPORT, answer) == {
        "period": {"from": "2026-05-01", "to": "2026-05-31"},
        "columns": COLUMNS,
        "rows": [[REF, 1.50], [[REF], None]],
        "totals": {"amount": 1.50},
        "currency": {"id": "980", "label": "грн"},
        "notes": ["made today", {}],
        "applied_filters": {"customer_ids": [REF]},
        "notice": SAID,
    }
    card = {
        "customer": REF | more,
        "totals": {"amount": 1, "margin": 5, **more},
        "last_purchase": more,
        "top_products": [{**REF, "amount": 1, "qty": 2, **more}, {"product": REF | more}],
    }
    assert redacted(CUSTOMER_SUMMARY, card) == {
        "customer": REF,
        "totals": {"amount": 1},
        "last_purchase": {},
        "top_products": [{**REF, "amount": 1, "qty": 2}, {"product": REF}],
        "notice": SAID,
    }
    assert redacted(CUSTOMER, {"candidates": [REF | more]}) == {
        "candidates": [REF],
        "notice": SAID,
    }


@pytest.mark.parametrize(
    ("tool", "body"),
    [
        (SALES_REPORT, b'{"columns":[{"name":"customer","type":"ref"}],"rows":[[%b]]}'),
        (CUSTOMER_SUMMARY, b'{"customer":%b,"totals":{"amount":1}}'),
        (CUSTOMER_SUMMARY, b'{"customer":{"id":"1"},"top_products":[%b]}'),
        (CUSTOMER, b'{"candidates":[%b]}'),
    ],
)
def test_of_a_member_that_stands_twice_only_the_one_that_was_looked_at_leaves(
    tool: SingleCallTool, body: bytes
) -> None:
    redaction = tool.redaction(COST_MEASURES | tool.stock_value)
    twice = b'{"id":"1","label":{"cost":77777},"label":"A"}'

    left = splice({}, redact(read_members(body % twice), redaction))

    assert left == body % b'{"id":"1","label":"A"}'


def test_a_column_that_is_not_declared_is_left_out_with_its_cells() -> None:
    columns = [
        COLUMNS[0],
        {"name": "currency", "type": "string"},
        {"name": "прибыль", "type": "number"},
        COLUMNS[1],
        {"name": "unit", "type": "number"},
        {"name": "gross", "type": "string"},
    ]
    answer = {"columns": columns, "rows": [[REF, "грн", 5, 1.50, 5, "5"]], "totals": None}

    assert redacted(SALES_REPORT, answer) == {
        "columns": [columns[0], columns[1], columns[3]],
        "rows": [[REF, "грн", 1.50]],
        "totals": None,
        "notice": SAID,
    }
    with pytest.raises(OnecBadResponse, match="more or fewer cells"):
        redacted(SALES_REPORT, answer | {"rows": [[REF, 5, 1.50]]})


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        (SALES_REPORT, "cost"),
        (SALES_REPORT, "Profit"),
        (TOP_PRODUCTS, "MARGIN"),
        (STOCK_BALANCE, "amount"),
        (STOCK_BALANCE, "Amount"),
    ],
)
def test_a_table_with_a_restricted_column_is_refused(tool: SingleCallTool, name: str) -> None:
    answer = {"columns": [{"name": name, "type": "number"}], "rows": [[1]]}
    with pytest.raises(OnecBadResponse, match="may not see"):
        redacted(tool, answer)


def test_what_says_that_a_call_failed_or_was_cut_is_not_left_out() -> None:
    assert redacted(SALES_REPORT, TABLE | {"has_more": True, "total_rows": 9}) == TABLE | {
        "has_more": True,
        "total_rows": 9,
    }
    with pytest.raises(OnecRejected, match="no rights"):
        redacted(SALES_REPORT, {"error": {"message": "no rights", "прибыль": 5}})


def test_1cs_own_notice_stays_beside_that_of_what_was_left_out() -> None:
    answer = TABLE | {"notice": "Without May.", "прибыль": 5}

    assert redacted(SALES_REPORT, answer)["notice"] == f"{SAID} Without May."


JSON = st.recursive(
    st.none() | st.booleans() | st.just("text"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "label", "прибыль", "Cost", "x", "rows"]), inner)
    ),
    max_leaves=12,
)
FIGURE = 77123.45


@given(
    tool=st.sampled_from([tool for tool in ALL if isinstance(tool, SingleCallTool)]),
    members=st.dictionaries(
        st.sampled_from(
            [
                "rows",
                "totals",
                "notes",
                "currency",
                "chart",
                "candidates",
                "customer",
                "period",
                "top_products",
                "last_purchase",
                "applied_filters",
                "columns",
                "кредит",
                "data",
            ]
        ),
        JSON | st.just({"прибыль": FIGURE}) | st.just([{"x": [{"cost": FIGURE}]}]),
    ),
)
def test_no_figure_under_an_undeclared_name_leaves_whatever_holds_it(
    tool: SingleCallTool, members: dict[str, Any]
) -> None:
    try:
        left = redacted(tool, members)
    except (OnecBadResponse, OnecRejected):
        return
    # A list `rows` without `columns` is no table, and every reader of tables refuses it.
    if "columns" not in members:
        left.pop("rows", None)
    assert str(FIGURE) not in json.dumps(left)


def test_a_measure_that_the_caller_may_not_see_is_left_out_without_a_word() -> None:
    card = {**CARD, "totals": {"amount": 1, "cost": 2, "Profit": 3}}

    assert redacted(CUSTOMER_SUMMARY, card) == CARD
