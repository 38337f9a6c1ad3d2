"""No number changes a digit between 1C and the caller, on either surface, in any place."""

import json
from typing import Any

import httpx
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from onecgw.web.app import build_app
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, answering, make_engine, open_rig

SECONDS = 60
MAY = {"from": "2026-05-01", "to": "2026-05-31"}
QUESTION = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "sales_report", "arguments": {"period": MAY}},
}


whole = st.integers(min_value=-(10**38), max_value=10**38).map(str)
numbers = st.one_of(
    whole,
    st.tuples(whole, st.integers(min_value=0, max_value=10**20)).map("{0[0]}.{0[1]}".format),
    st.tuples(whole, st.sampled_from(["e", "E", "E+", "e-"]), st.integers(0, 400)).map(
        "{0[0]}{0[1]}{0[2]}".format
    ),
    st.sampled_from(["0.10", "1E-7", "-0", "-0.00", "1" + "0" * 200, "1.000000000000000000001"]),
)


def _written(text: str | bytes) -> Any:
    """JSON whose numbers are the texts that stood there."""

    def keep(token: str) -> str:
        return token

    return json.loads(text, parse_int=keep, parse_float=keep)


async def _ask(row: list[str], total: str) -> tuple[Any, Any, Any]:
    body = (
        '{"columns":[{"name":"warehouse","type":"string"},{"name":"amount","type":"number"},'
        '{"name":"qty","type":"number"}],'
        f'"rows":[["W",{",".join(row)}]],"totals":{{"amount":{total}}},"by":[{total}]}}'
    )
    async with open_rig(answering(body.encode())) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            with trio.fail_after(SECONDS):
                rest = await client.post(
                    "/reports/sales",
                    json={"period": MAY},
                    headers={"Authorization": f"Bearer {API_TOKEN}"},
                )
                mcp = await client.post(
                    "/mcp", json=QUESTION, headers={"Authorization": f"Bearer {MCP_TOKEN}"}
                )
    assert rest.status_code == 200, rest.text
    result = _written(mcp.content).get("result", {})
    assert "structuredContent" in result, mcp.text
    return (
        _written(rest.content),
        _written(result["content"][0]["text"]),
        result["structuredContent"],
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(numbers, min_size=2, max_size=2), numbers)
def test_every_number_leaves_as_it_was_written(row: list[str], total: str) -> None:
    for answer in trio.run(_ask, row, total):
        assert answer["rows"] == [["W", *row]]
        assert answer["totals"] == {"amount": total}
        assert answer["by"] == [total]
