import json
from typing import Any

import pytest

from onecgw.auth.caller import ALL_SCOPES, RESOLVE, SALES, Caller
from tests.builders.gateway_rig import Answering, answering, make_engine, open_rig
from tests.builders.mcp_engine import ask, stateless

FOUND = {"candidates": [{"id": str(n), "label": label} for n, label in enumerate("ЯБЯ")]}
KNOWING = answering(json.dumps(FOUND).encode())
PROMPT = {"type": "ref/prompt", "name": "month_review"}
TEMPLATE = {"type": "ref/resource", "uri": "onec://catalogue/{tool}"}


async def complete(
    name: str,
    value: str,
    *,
    ref: Any = PROMPT,
    onec: Answering = KNOWING,
    scopes: tuple[str, ...] = ALL_SCOPES,
) -> tuple[Any, list[Any]]:
    """The answer, and the requests to 1C."""
    caller = Caller(sub="olena", scopes=frozenset(scopes))
    message = stateless("completion/complete", ref=ref, argument={"name": name, "value": value})
    async with open_rig(onec) as rig:
        answer = await ask(make_engine(rig.gateway), message, caller=caller)
        return answer, [json.loads(request.content) for request in rig.onec.requests]


def values(answer: Any) -> list[str]:
    found: list[str] = answer["result"]["completion"]["values"]
    return found


@pytest.mark.parametrize("argument", ["customer", "warehouse"])
async def test_names_come_from_the_resolvers_each_once(argument: str) -> None:
    answer, requests = await complete(argument, "ром")
    assert values(answer) == ["Я", "Б"]
    assert requests == [{"query": "ром", "limit": 11}]
    assert answer["result"]["completion"] == {"values": ["Я", "Б"], "total": 2, "hasMore": False}


async def test_a_search_that_was_cut_has_more_and_no_total() -> None:
    many = {"candidates": [{"id": str(n), "label": f"Ромашка {n}"} for n in range(11)]}
    answer, _ = await complete("customer", "ром", onec=answering(json.dumps(many).encode()))
    assert answer["result"]["completion"] == {
        "values": [f"Ромашка {n}" for n in range(10)],
        "hasMore": True,
    }


@pytest.mark.parametrize(
    ("value", "scopes"), [("р", ALL_SCOPES), ("  ", ALL_SCOPES), ("ром", (SALES,))]
)
async def test_1c_gets_no_request_for_short_words_or_without_the_scope(
    value: str, scopes: tuple[str, ...]
) -> None:
    answer, requests = await complete("customer", value, scopes=scopes)
    assert (values(answer), requests) == ([], [])


async def test_a_1c_that_fails_suggests_nothing() -> None:
    answer, _ = await complete("customer", "ром", onec=answering(b"<html>", status=500))
    assert values(answer) == []


async def test_languages_and_months_are_suggested_by_their_beginning() -> None:
    assert values((await complete("language", "r"))[0]) == ["ru"]
    months = values((await complete("period", ""))[0])
    assert months == sorted(months, reverse=True)
    assert len(months) == 12


async def test_reports_are_suggested_for_the_template_as_the_caller_may_see_them() -> None:
    answer, _ = await complete("tool", "", ref=TEMPLATE, scopes=(SALES, RESOLVE))
    assert values(answer) == ["sales_report", "top_products", "customer_summary"]


async def test_an_unknown_argument_has_no_suggestions() -> None:
    assert values((await complete("firm", "x"))[0]) == []


@pytest.mark.parametrize(
    "ref",
    [
        {"type": "ref/prompt", "name": "nothing"},
        {"type": "ref/resource", "uri": "onec://nothing"},
        {"type": "ref/tool", "name": "month_review"},
        {},
    ],
)
async def test_what_is_referred_to_must_be_there(ref: Any) -> None:
    answer, _ = await complete("customer", "ром", ref=ref)
    assert answer["error"]["code"] == -32602
