import re
from typing import Any

import msgspec

from onecgw.auth.caller import ALL_SCOPES, COST, SALES, STOCK, Caller
from onecgw.catalogue.tools import BY_NAME
from onecgw.mcp_content.resources import ABOUT_SCOPES
from tests.builders.gateway_rig import answering, make_engine, open_rig
from tests.builders.mcp_engine import ask, stateless
from tests.catalogue_truth import TRUTH


async def resources(method: str, scopes: set[str], **params: Any) -> Any:
    caller = Caller(sub="olena", scopes=frozenset(scopes))
    async with open_rig(answering(b"{}")) as rig:
        return await ask(make_engine(rig.gateway), stateless(method, **params), caller=caller)


async def read(uri: str, *scopes: str) -> Any:
    answer = await resources("resources/read", set(scopes), uri=uri)
    [content] = answer["result"]["contents"]
    assert content["uri"] == uri
    is_json = content["mimeType"] == "application/json"
    return msgspec.json.decode(content["text"]) if is_json else content["text"]


async def test_what_is_listed_can_be_read() -> None:
    everything = set(ALL_SCOPES)
    listed = (await resources("resources/list", everything))["result"]["resources"]
    assert [one["uri"] for one in listed] == [
        "onec://catalogue",
        "onec://scopes",
        "onec://glossary",
    ]
    for one in listed:
        assert await read(one["uri"], *ALL_SCOPES)
    [template] = (await resources("resources/templates/list", everything))["result"][
        "resourceTemplates"
    ]
    assert template["uriTemplate"] == "onec://catalogue/{tool}"


async def test_the_catalogue_is_what_the_caller_may_see() -> None:
    stock_only = [name for name, truth in TRUTH.items() if truth.scopes == {STOCK}]
    assert [one["tool"] for one in await read("onec://catalogue", STOCK)] == stock_only
    [with_cost] = [
        one for one in await read("onec://catalogue", SALES, COST) if one["tool"] == "sales_report"
    ]
    without = await read("onec://catalogue/sales_report", SALES)
    assert "profit" in with_cost["measures"]
    assert "profit" not in without["measures"]
    assert "month" in without["group_by"]
    assert set(without["filters"]) >= {"customer_ids", "customer_cohort"}
    assert without["arguments"] == [
        "compare",
        "compare_with",
        "ids",
        "period",
        "share",
        "sort",
        "top",
    ]


async def test_the_scopes_say_which_of_them_are_granted() -> None:
    assert set(ABOUT_SCOPES) == set(ALL_SCOPES)
    granted = {one["scope"]: one["granted"] for one in await read("onec://scopes", SALES)}
    assert granted == {scope: scope == SALES for scope in ALL_SCOPES}


async def test_the_glossary_explains_the_words_of_the_trade() -> None:
    text = await read("onec://glossary")
    assert all(word in text for word in ("ДЗ", "КЗ", "когорта", "receivable"))


async def test_a_hidden_document_is_like_an_unknown_one() -> None:
    for uri in ("onec://catalogue/cash_flow", "onec://catalogue/nothing", "file:///etc/passwd"):
        answer = await resources("resources/read", {SALES}, uri=uri)
        assert answer["error"] == {
            "code": -32602,
            "message": "unknown resource",
            "data": {"uri": uri},
        }


async def test_the_glossary_names_no_tool_and_no_closed_measure() -> None:
    words = set(re.findall(r"[a-z_]+", await read("onec://glossary")))

    assert words.isdisjoint(BY_NAME)
    assert not re.search(r"`(cost|profit|margin)`", await read("onec://glossary"))
