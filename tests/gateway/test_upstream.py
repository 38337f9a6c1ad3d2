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

RESOLVERS = [name for name in TRUTH if name.startswith("resolve_")]


def answer_of_the_account(request: httpx.Request) -> httpx.Response:
    """Candidates that name the account 1C was asked for."""
    sub = request.headers["x-mcp-sub"]
    body = json.dumps({"candidates": [{"id": sub, "label": sub}]}).encode()
    return httpx.Response(200, stream=httpx.ByteStream(body))


async def ask(rig: Rig, sub: str, tool: str, query: str) -> Any:
    call = ToolCall(
        context=CallContext(
            caller=Caller(sub=sub, scopes=frozenset(ALL_SCOPES)), request_id="r", surface="mcp"
        ),
        tool=tool,
        arguments=json.dumps({"query": query}).encode(),
    )
    return json.loads((await rig.gateway.call(call)).body)["candidates"][0]["id"]


@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from(["alice", "bob"]),
            st.sampled_from(RESOLVERS),
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
        seen: list[tuple[str, str]] = []

        async def one(sub: str, tool: str, query: str) -> None:
            seen.append((sub, await ask(rig, sub, tool, query)))

        async with open_rig(answer_of_the_account) as rig, trio.open_nursery() as nursery:
            for call in calls:
                nursery.start_soon(one, *call)
        assert [answered for _, answered in seen] == [sub for sub, _ in seen]

    trio.run(run)


async def test_one_account_is_not_asked_for_twice() -> None:
    async with open_rig(answer_of_the_account) as rig:
        for _ in range(2):
            assert await ask(rig, "alice", "resolve_customer", "тов") == "alice"

        assert len(rig.onec.requests) == 1


async def test_a_base_that_answers_all_alike_is_asked_once_for_all() -> None:
    async with open_rig(answer_of_the_account) as rig:
        rig.gateway.catalogue.capabilities = attrs.evolve(Capabilities(), same_for_all=True)
        answers = [await ask(rig, sub, "resolve_customer", "тов") for sub in ("alice", "bob")]

        assert (answers, len(rig.onec.requests)) == (["alice", "alice"], 1)
