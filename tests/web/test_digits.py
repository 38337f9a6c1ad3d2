"""Money reaches the caller digit for digit, on both surfaces, from 1C's bytes to the last."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onecgw.web.app import build_app
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, answering, make_engine, open_rig

NUMBERS = [
    "0.10",
    "1E-7",
    "1e+400",
    "-0.00",
    "0",
    "9" * 38,
    "-" + "9" * 36 + ".99",
    "0." + "0" * 37 + "1",
    "1" * 400,
    "9007199254740993",
    "12345678901234567.89",
]
TEXTS = [
    "«Їжак»\u00a0ТОВ",
    "ёлка",
    "a\\u0456b",
    "emoji \\ud83d\\ude00",
    "tab\\tline\\n",
    "</script>",
]


def report(numbers: list[str]) -> bytes:
    """What 1C sends, in the loose layout of its own JSON writer."""
    pairs = zip(TEXTS * len(numbers), numbers, strict=False)
    rows = ",\r\n".join(f'[\r\n"{text}",\t{number} ]' for text, number in pairs)
    columns = '[{"name": "product", "type": "ref"}, {"name": "amount", "type": "number"}]'
    separator = ",\r\n"
    members = (
        f'"columns": {columns}',
        f'"rows": [{rows}]',
        f'"totals": {{"amount": {numbers[0]}}}',
    )
    return f"{{\r\n{separator.join(members)}\r\n}}".encode()


async def ask(body: bytes) -> dict[str, bytes]:
    """The answer's JSON on each surface, and the text that MCP sends beside it."""
    async with open_rig(answering(body)) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client:
            rest = await client.post(
                "/reports/stock", json={}, headers={"authorization": f"Bearer {API_TOKEN}"}
            )
            message = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "stock_balance", "arguments": {}},
            }
            mcp = await client.post(
                "/mcp", json=message, headers={"authorization": f"Bearer {MCP_TOKEN}"}
            )
    assert rest.status_code == 200, rest.text
    assert b'"structuredContent":' in mcp.content, mcp.text
    structured = mcp.content.split(b'"structuredContent":')[1]
    text: str = mcp.json()["result"]["content"][0]["text"]
    return {"rest": rest.content, "structured": structured, "text": text.encode()}


def as_1c_sent(body: bytes) -> Any:
    return json.loads(body, parse_int=str, parse_float=str)


async def test_every_digit_and_letter_arrives_on_every_surface() -> None:
    sent = report(NUMBERS)

    answers = await ask(sent)

    for body in (answers["rest"], answers["text"]):
        received = as_1c_sent(body)
        assert received["rows"] == as_1c_sent(sent)["rows"]
        assert received["totals"] == as_1c_sent(sent)["totals"]
    for number in NUMBERS:
        for body in answers.values():
            assert f",{number}]".encode() in body
    # What 1C escaped stays escaped, what it did not stays as it was.
    for text in TEXTS:
        assert f'["{text}",'.encode() in answers["rest"]
    assert answers["structured"].startswith(answers["rest"])
    assert answers["text"] == answers["rest"]


FINITE = st.decimals(allow_nan=False, allow_infinity=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FINITE.map(str) | st.integers().map(str), min_size=1, max_size=6))
async def test_no_number_whatsoever_changes_on_its_way(numbers: list[str]) -> None:
    sent = report(numbers)

    answers = await ask(sent)

    for body in (answers["rest"], answers["text"]):
        assert as_1c_sent(body)["rows"] == as_1c_sent(sent)["rows"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"columns":[],"rows":[[NaN]]}',
        b'{"columns":[],"rows":[[01]]}',
        b'{"columns":[],"rows":[["\xff"]]}',
        b'{"columns":[],"rows":[["\\ud800"]]}',
        b"<html>1C</html>",
        b'{"columns":[],"rows":[]',
    ],
)
async def test_what_is_no_json_is_a_bad_response_and_is_not_quoted(body: bytes) -> None:
    async with open_rig(answering(body)) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client:
            response = await client.post(
                "/reports/stock", json={}, headers={"authorization": f"Bearer {API_TOKEN}"}
            )

    assert (response.status_code, response.json()["code"]) == (502, "onec_bad_response")
    assert body not in response.content
