"""Whose answer a caller gets: kept and shared answers never cross two accounts."""

import json
from typing import Any

import attrs
import httpx
import trio
from hypothesis import given
from hypothesis import strategies as st

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.catalogue.capabilities import Capabilities
from onecgw.gateway.service import ToolCall
from tests.builders.gateway_rig import Rig, open_rig
from tests.catalogue_truth import TRUTH

ACCOUNTS = ("alice", "bob")
# Every resolver, a name that is resolved, balances that are kept, and reports that are not.
TOOLS = [name for name in TRUTH if name.startswith("resolve_")]
TOOLS += ["customer_summary", "company", "sales_report", "stock_balance"]


def answer_of_the_account(request: httpx.Request) -> httpx.Response:
    """Candidates and reports that name the account of the request, wherever they can."""
    sub = request.headers["x-mcp-sub"]
    named = {"id": sub, "label": sub}
    arguments = json.loads(request.content)
    if "query" in arguments:
        return _ok({"candidates": [named]})
    if "customer_id" in arguments:
        return _ok({"customer": {**named, "id": arguments["customer_id"]}, "totals": {}})
    dimensions, measures = (
        arguments.get("group_by", ["firm"]),
        arguments.get("measures", ["amount"]),
    )
    columns = [{"name": name, "type": "ref"} for name in dimensions if name != "day"]
    columns += [{"name": name, "type": "date"} for name in dimensions if name == "day"]
    columns += [{"name": name, "type": "number"} for name in measures]
    cells = [named for name in dimensions if name != "day"]
    days = [arguments["period"]["from"]] if "day" in dimensions else []
    return _ok(
        {
            "columns": columns,
            "rows": [[*cells, *days, *(1 for _ in measures)]],
            "totals": dict.fromkeys(measures, 1),
            "currency": sub,
        }
    )


def _ok(body: object) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))


MAY = {"from": "2026-05-01", "to": "2026-05-31"}


def arguments_of(tool: str, words: str) -> dict[str, Any]:
    """The least arguments of a tool that give it something to find."""
    if tool.startswith("resolve_"):
        return {"query": words}
    if tool == "customer_summary":  # a name, which is looked up in the cache of resolvers
        return {"customer": words, "period": MAY}
    return {"period": MAY} if tool == "sales_report" else {}


async def ask(rig: Rig, sub: str, tool: str, words: str) -> set[str]:
    """The accounts that an answer names."""
    call = ToolCall(
        context=CallContext(
            caller=Caller(sub=sub, scopes=frozenset(ALL_SCOPES)), request_id="r", surface="mcp"
        ),
        tool=tool,
        arguments=json.dumps(arguments_of(tool, words)).encode(),
    )
    body = (await rig.gateway.call(call)).body.decode()
    return {name for name in ACCOUNTS if f'"{name}"' in body}


@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from(ACCOUNTS),
            st.sampled_from(TOOLS),
            st.sampled_from(["тов", "ТОВ", "а"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_answer_crosses_two_accounts_kept_or_shared_in_flight(
    calls: list[tuple[str, str, str]],
) -> None:
    async def run() -> None:
        seen: list[tuple[str, set[str]]] = []

        async def one(sub: str, tool: str, words: str) -> None:
            seen.append((sub, await ask(rig, sub, tool, words)))

        async with open_rig(answer_of_the_account) as rig, trio.open_nursery() as nursery:
            for call in calls:
                nursery.start_soon(one, *call)
        assert [answered for _, answered in seen] == [{sub} for sub, _ in seen]

    trio.run(run)


async def test_one_account_is_not_requested_twice() -> None:
    async with open_rig(answer_of_the_account) as rig:
        for _ in range(2):
            assert await ask(rig, "alice", "resolve_customer", "тов") == {"alice"}

        assert len(rig.onec.requests) == 1


async def test_a_base_of_same_answers_for_all_gets_one_request_for_all() -> None:
    async with open_rig(answer_of_the_account) as rig:
        rig.gateway.catalogue.capabilities = attrs.evolve(Capabilities(), same_for_all=True)
        answers = [await ask(rig, sub, "resolve_customer", "тов") for sub in ("alice", "bob")]

        assert (answers, len(rig.onec.requests)) == ([{"alice"}, {"alice"}], 1)
