"""limits.stock_amount_scope: what stock cost is seen, and inferred, with its scope only."""

import json
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Literal, get_args, get_origin

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL, BY_NAME
from onecgw.catalogue.tools.parts import Period
from onecgw.demo.books import Books
from onecgw.errors import OnecgwError, ScopeMissing
from onecgw.settings import LimitsSettings
from tests.builders.demo_gateway import open_demo
from tests.builders.gateway_rig import Rig
from tests.builders.tool_arguments import PERIOD, WORDS

WITHOUT_COST = frozenset(ALL_SCOPES) - {COST}
CLOSED = LimitsSettings(stock_amount_scope="cost")
VALUES = ("amount", "cost", "profit")


def values_of(hint: Any, name: str) -> st.SearchStrategy[Any]:
    """Sensible values of an argument."""
    if name == "query":
        return st.sampled_from([*WORDS.values()])
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple and get_origin(get_args(hint)[0]) is Literal:
        chosen = st.sampled_from(get_args(get_args(hint)[0]))
        return st.lists(chosen, min_size=1, max_size=3, unique=True)
    if hint is Period:
        return st.just(PERIOD)
    if hint is date:
        return st.sampled_from([PERIOD["to"], "2025-10-31"])
    return st.integers(1, 40) if hint is int else st.booleans() if hint is bool else st.nothing()


def arguments_of(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of a tool, without filters; what contradicts is refused alike on both sides."""
    found = {one.name: values_of(one.type, one.name) for one in fields_of(tool.request)}
    required = {one.name for one in fields_of(tool.request) if one.is_required}
    return st.fixed_dictionaries(
        {name: found[name] for name in required},
        optional={
            name: found[name] for name in found.keys() - required if not found[name].is_empty
        },
    )


CALLS = st.sampled_from(ALL).flatmap(lambda tool: st.tuples(st.just(tool.name), arguments_of(tool)))


def scale_values(factor: int, report: str, body: Any) -> None:
    """Multiply what stock cost, and add the factor in members outside the contract."""
    if report in ("stock", "sales"):
        values = VALUES[:1] if report == "stock" else VALUES[1:]
        for index, column in enumerate(body.get("columns", [])):
            if column["name"] in values:
                for row in body["rows"]:
                    row[index] = row[index] and row[index] * factor
        for name in set(values) & set(body.get("totals") or {}):
            body["totals"][name] = body["totals"][name] and body["totals"][name] * factor
    body["chart"] = {"series": [{"name": "profit", "data": [Decimal(factor)]}]}
    if isinstance(body.get("totals"), dict):
        body["totals"]["себестоимость"] = Decimal(factor)


async def outcome(rig: Rig, tool: str, arguments: dict[str, Any]) -> bytes | str:
    try:
        body = json.dumps(arguments).encode()
        return await rig.call(tool, body, scopes=WITHOUT_COST)
    except OnecgwError as error:
        return f"{error.code}: {error.message}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(call=CALLS)
def test_no_answer_without_the_scope_of_cost_depends_on_what_stock_cost(
    small_books: Books, call: tuple[str, dict[str, Any]]
) -> None:
    async def run() -> list[bytes | str]:
        found = []
        for factor in (1, 7):
            falsify = partial(scale_values, factor)
            async with open_demo(small_books, falsify=falsify, limits=CLOSED) as rig:
                found.append(await outcome(rig, *call))
        return found

    cheap, dear = trio.run(run)

    assert cheap == dear


async def test_stock_value_is_closed_with_the_setting_and_open_without_it(
    small_books: Books,
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("stock_balance", {"measures": ["qty", "amount"]}),
        ("stock_balance", {"measures": ["amount"], "share": "amount"}),
        ("stock_balance", {"measures": ["amount"], "compare": "previous_year"}),
    ]
    for tool, arguments in calls:
        body = json.dumps(arguments).encode()
        async with open_demo(small_books) as rig:
            assert b'"amount"' in await rig.call(tool, body, scopes=WITHOUT_COST)
        async with open_demo(small_books, limits=CLOSED) as rig:
            assert b'"amount"' in await rig.call(tool, body)
            with pytest.raises(ScopeMissing, match="measures: amount need the scope mcp:report"):
                await rig.call(tool, body, scopes=WITHOUT_COST)


async def test_stock_cover_leaves_the_value_out_and_nothing_else(small_books: Books) -> None:
    answers = []
    for limits in (LimitsSettings(), CLOSED):
        async with open_demo(small_books, limits=limits) as rig:
            body = await rig.call("stock_cover", b'{"bucket":"low"}', scopes=WITHOUT_COST)
            answers.append(json.loads(body))
    whole, closed = answers
    place = [column["name"] for column in whole["columns"]].index("amount")
    del whole["basis"]["amount"], whole["columns"][place]
    for sums in (*whole["buckets"].values(), whole["totals"], whole["rest"]):
        sums.pop("amount", None)
    for row in whole["rows"]:
        del row[place]
    whole["proof"] = [
        one for one in whole["proof"] if "stock_balance totals.amount" not in one["report"]
    ]

    assert closed == whole


def test_listings_name_the_value_only_to_those_who_may_see_it() -> None:
    def listed(limits: LimitsSettings, scopes: frozenset[str]) -> list[bool]:
        catalogue = Catalogue(ALL, limits)
        described = [
            catalogue.describe(BY_NAME[name], scopes) for name in ("stock_balance", "stock_cover")
        ]
        return [
            "amount" in json.dumps(one["inputSchema"]) + one["description"] for one in described
        ]

    assert listed(CLOSED, WITHOUT_COST) == [False, False]
    assert listed(CLOSED, frozenset(ALL_SCOPES)) == [True, True]
    assert listed(LimitsSettings(), WITHOUT_COST) == [True, True]
