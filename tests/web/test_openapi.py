import json
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.tools import BY_NAME
from onecgw.settings import ApiSettings, Secret
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, answering
from tests.web.test_rest import open_rest

EVERYTHING = ApiSettings(bearer_token=Secret(API_TOKEN), scopes=ALL_SCOPES)


def operations(response: httpx.Response) -> dict[str, Any]:
    return {path: item["post"] for path, item in response.json()["paths"].items()}


async def test_every_tool_that_the_token_opens_is_a_route_with_its_schemas() -> None:
    async with open_rest(answering(b"{}"), api=EVERYTHING) as (client, rig):
        response = await client.get("/openapi.json")
        listed = json.loads(rig.gateway.catalogue.listing(frozenset(ALL_SCOPES)))

    assert response.status_code == 200
    assert response.json()["openapi"] == "3.1.0"
    assert {path: one["operationId"] for path, one in operations(response).items()} == {
        tool.rest_path: tool.name for tool in BY_NAME.values()
    }
    for tool in listed:
        found = operations(response)[BY_NAME[tool["name"]].rest_path]
        request_schema = found["requestBody"]["content"]["application/json"]["schema"]
        answered = found["responses"]["200"]["content"]["application/json"]["schema"]
        assert (request_schema, answered) == (tool["inputSchema"], tool["outputSchema"])


async def test_what_the_token_does_not_open_is_not_in_the_document() -> None:
    async with open_rest(answering(b"{}")) as (client, rig):
        without_cost = await client.get("/openapi.json")
        rig.gateway.catalogue.capabilities = Capabilities(
            unavailable_tools=frozenset({"cash_flow"})
        )
        without_cash_flow = await client.get("/openapi.json")

    assert COST not in rig.settings.api.scopes
    assert "/reports/cash_conversion_cycle" not in operations(without_cost)
    assert '"profit"' not in without_cost.text
    assert "/reports/cash_flow" in operations(without_cost)
    assert "/reports/cash_flow" not in operations(without_cash_flow)


async def test_a_problem_is_what_the_document_says() -> None:
    async with open_rest(answering(b"{}")) as (client, _):
        document = (await client.get("/openapi.json")).json()
        problems = [
            await client.post("/reports/sales", json={"period": 7}),
            await client.post("/reports/sales", content=b"x"),
            await client.post("/reports/sales", json={"period": {"from": "2026-05-01"}}),
            await client.post("/reports/stock", json={}),
        ]

    schema = document["components"]["schemas"]["Problem"]
    for response in problems:
        assert response.is_error
        Draft202012Validator(schema).validate(response.json())
        assert set(response.json()) <= set(schema["properties"])


async def test_the_document_is_for_callers_only_and_only_read() -> None:
    async with open_rest(answering(b"{}")) as (client, _):
        wrong = {"authorization": f"Bearer {MCP_TOKEN}"}
        unknown = await client.get("/openapi.json", headers=wrong)
        written = await client.post("/openapi.json", json={})

    assert unknown.status_code == 401
    assert (written.status_code, written.headers["allow"]) == (405, "GET")
