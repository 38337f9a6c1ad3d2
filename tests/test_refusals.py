"""The answer to a refused call, on every surface; 1C gets no request."""

import json
from typing import Any

import attrs
import httpx
import pytest

from onecgw.auth.caller import ALL_SCOPES, MONEY, RESOLVE, SALES, STOCK
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.tools import ALL, BY_NAME
from tests.builders.gateway_rig import answering
from tests.builders.surfaces import SURFACES, Surface, open_surfaces
from tests.catalogue_truth import MAY, TRUTH
from tests.wire.refusals import LEAST, TABLE

ANSWER = answering(
    b'{"candidates":[{"id":"p1","label":"x"}],"customer":{"label":"x"},"columns":[],"rows":[],'
    b'"totals":{}}'
)
NEEDED = {
    scope: {name for name, truth in TRUTH.items() if scope in truth.scopes} for scope in ALL_SCOPES
}


@attrs.frozen
class Refusal:
    """What a caller learns of a refusal."""

    status: int
    code: str
    paths: tuple[str, ...] = ()


def rest_refusal(response: httpx.Response) -> Refusal:
    body = response.json()
    paths = tuple(problem["path"] for problem in body.get("problems", ()))
    return Refusal(response.status_code, body["error"], paths)


def tool_error(response: httpx.Response) -> str:
    """The text of a result that reports a failure."""
    result = response.json()["result"]
    assert (response.status_code, result["isError"]) == (200, True)
    assert "structuredContent" not in result
    [block] = result["content"]
    text: str = block["text"]
    return text


def as_text(response: httpx.Response) -> str:
    """How a model reads what REST lists."""
    body = response.json()
    problems = [f"{one['path']}: {one['message']}" for one in body["problems"]]
    return f"{body['error']}: {'; '.join(problems)}"


@pytest.mark.parametrize("tool", LEAST)
async def test_every_mistake_is_reported_with_its_place_and_never_reaches_1c(tool: str) -> None:
    mistakes = [row for row in TABLE if row.tool == tool]
    refusals, expected = {}, {}
    async with open_surfaces(ANSWER) as surfaces:
        for row in mistakes:
            over_rest = await surfaces.post("rest", tool, row.sent)
            refusals[row.mistake] = rest_refusal(over_rest)
            expected[row.mistake] = Refusal(400, "validation_error", row.paths)
            for surface in ("legacy", "modern"):
                over_mcp = await surfaces.post(surface, tool, row.sent)
                assert tool_error(over_mcp) == as_text(over_rest), row.mistake

    assert refusals == expected
    assert surfaces.rig.onec.requests == []
    assert {record.code for record in surfaces.rig.audit} == {"validation_error"}


async def test_the_least_that_the_mistakes_start_from_is_accepted() -> None:
    async with open_surfaces(ANSWER) as surfaces:
        for tool, arguments in LEAST.items():
            if not isinstance(BY_NAME[tool], CompositeTool):  # needs figures, not only an answer
                response = await surfaces.post("rest", tool, arguments)
                assert response.status_code == 200, response.text

    assert set(LEAST) == {tool.name for tool in ALL}
    assert len({(row.tool, row.mistake) for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("tool", LEAST)
async def test_what_is_no_object_of_arguments_never_reaches_1c(tool: str) -> None:
    refusals: dict[str, Any] = {}
    async with open_surfaces(ANSWER) as surfaces:
        for body in (b"", b"[]", b"null", b'"x"', b"{", b'{"nope":NaN}', b'{"nope":"\xff"}'):
            refusals[repr(body)] = rest_refusal(await surfaces.post("rest", tool, body))
        twice = b'{"nope":1,"nope":2}'
        over_rest = await surfaces.post("rest", tool, twice)
        texts = [tool_error(await surfaces.post(surface, tool, twice)) for surface in SURFACES[1:]]
        codes = [
            (await surfaces.post(surface, tool, body)).json()["error"]["code"]
            for surface in SURFACES[1:]
            for body in (b"[]", b'"x"', b"5")
        ]

    assert set(refusals.values()) == {Refusal(400, "invalid_request")}
    assert rest_refusal(over_rest) == Refusal(400, "invalid_request")
    assert texts == [f"invalid_request: {over_rest.json()['message']}"] * 2
    assert codes == [-32602] * 6
    assert surfaces.rig.onec.requests == []


@pytest.mark.parametrize("scope", ALL_SCOPES)
async def test_a_tool_whose_scope_is_missing_is_closed_over_rest(scope: str) -> None:
    others = tuple(one for one in ALL_SCOPES if one != scope)
    closed = {}
    async with open_surfaces(ANSWER, scopes=others) as surfaces:
        for tool in LEAST:
            response = await surfaces.post("rest", tool, {"nope": 1})
            closed[tool] = rest_refusal(response)

    assert closed == {
        tool: Refusal(403, "insufficient_scope")
        if tool in NEEDED[scope]
        else Refusal(400, "validation_error", closed[tool].paths)
        for tool in LEAST
    }
    assert surfaces.rig.onec.requests == []


@pytest.mark.parametrize("surface", ["legacy", "modern"])
@pytest.mark.parametrize("scope", ALL_SCOPES)
async def test_a_tool_whose_scope_is_missing_is_like_one_that_never_was(
    scope: str, surface: Surface
) -> None:
    others = tuple(one for one in ALL_SCOPES if one != scope)
    async with open_surfaces(ANSWER, scopes=others) as surfaces:
        for tool in NEEDED[scope]:
            unknown = "x" * len(tool)
            hidden_answer = await surfaces.post(surface, tool, LEAST[tool])
            unknown_answer = await surfaces.post(surface, unknown, LEAST[tool])
            assert hidden_answer.status_code == unknown_answer.status_code
            assert hidden_answer.headers.keys() == unknown_answer.headers.keys()
            assert hidden_answer.text.replace(tool, unknown) == unknown_answer.text
            assert hidden_answer.json()["error"]["code"] == -32602

    assert surfaces.rig.onec.requests == []


@pytest.mark.parametrize("measure", ["cost", "profit", "margin"])
@pytest.mark.parametrize("form", ["{}", "[{}]", "amount and {}", "text of {}"])
async def test_a_measure_of_costs_needs_its_scope(measure: str, form: str) -> None:
    measures = {
        "{}": measure,
        "[{}]": [measure],
        "amount and {}": ["amount", measure],
        "text of {}": json.dumps([measure]),
    }[form]
    sent = {"period": MAY, "measures": measures, "sort": [{"field": measure}]}
    async with open_surfaces(ANSWER, scopes=(RESOLVE, SALES, STOCK, MONEY)) as surfaces:
        over_rest = await surfaces.post("rest", "sales_report", sent)
        texts = [
            tool_error(await surfaces.post(surface, "sales_report", sent))
            for surface in SURFACES[1:]
        ]
        refused = list(surfaces.rig.onec.requests)
    async with open_surfaces(ANSWER) as surfaces:
        opened = [await surfaces.post(surface, "sales_report", sent) for surface in SURFACES]

    assert rest_refusal(over_rest) == Refusal(403, "insufficient_scope")
    assert texts == [f"insufficient_scope: {over_rest.json()['message']}"] * 2
    assert refused == []
    assert [response.status_code for response in opened] == [200] * 3
    assert len(surfaces.rig.onec.requests) == 3


@pytest.mark.parametrize("argument", ["measures", "group_by", "sort"])
async def test_without_the_scope_of_costs_no_refusal_names_them(argument: str) -> None:
    value = [{"field": "nope"}] if argument == "sort" else ["nope"]
    async with open_surfaces(ANSWER, scopes=(RESOLVE, SALES, STOCK, MONEY)) as surfaces:
        for surface in SURFACES:
            response = await surfaces.post(
                surface, "sales_report", {"period": MAY, argument: value}
            )
            assert "nope" in response.text
            for word in ("cost", "profit", "margin"):
                assert word not in response.text

    assert surfaces.rig.onec.requests == []
