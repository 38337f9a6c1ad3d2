"""What other people's clients put around a request: a BOM, null, and half a character in errors."""

import codecs
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.errors import NotFound, Problem, ValidationFailed
from onecgw.settings import OnecSettings
from onecgw.web.problems import problem_response
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, answering, make_engine, open_rig
from tests.builders.mcp_engine import ask, stateless
from tests.builders.oauth_rig import CALLBACK, open_oauth
from tests.builders.surfaces import SURFACES, Surface, open_surfaces
from tests.catalogue_truth import TRUTH

EMPTY = answering(b'{"columns":[],"rows":[],"totals":{}}')


@pytest.mark.parametrize("bom", [codecs.BOM_UTF8, codecs.BOM_UTF8 * 2])
async def test_a_bom_before_a_body_is_skipped_on_every_surface(bom: bytes, tmp_path: Path) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": None}
    json_type = {"content-type": "application/json"}
    async with open_surfaces(EMPTY) as surfaces:
        rest = await surfaces.client.post(
            "/reports/stock",
            content=bom + b"{}",
            headers=json_type | {"authorization": f"Bearer {API_TOKEN}"},
        )
        mcp = await surfaces.client.post(
            "/mcp",
            content=bom + json.dumps(message).encode(),
            headers=json_type | {"authorization": f"Bearer {MCP_TOKEN}"},
        )
    async with open_oauth(tmp_path) as oauth:
        metadata = {"redirect_uris": [CALLBACK], "client_name": None, "scope": None}
        metadata |= {"grant_types": None, "application_type": None}
        registered = await oauth.http.post(
            "/register", content=bom + json.dumps(metadata).encode(), headers=json_type
        )

    assert rest.json()["rows_returned"] == 0
    assert len(mcp.json()["result"]["tools"]) == len(TRUTH)
    assert registered.status_code == 201, registered.text


@pytest.mark.parametrize("surface", SURFACES)
async def test_what_strict_clients_send_is_answered(surface: Surface) -> None:
    strict = {"date": None, "filters": None, "group_by": None, "measures": None, "top": None}
    async with open_surfaces(EMPTY) as surfaces:
        response = await surfaces.post(surface, "stock_balance", {**strict, "sort": None})

    assert "Filters that are null were not applied: filters" in response.text
    assert json.loads(surfaces.rig.onec.requests[0].content).keys() == {"top"}
    assert "charset=utf-8" in response.headers["content-type"]


PARAMS: list[tuple[str, dict[str, Any]]] = [
    ("prompts/get", {"name": "month_review", "arguments": None}),
    ("prompts/get", {"name": "month_review", "arguments": {"period": None, "customer": None}}),
    ("prompts/list", {"cursor": None}),
    (
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "month_review"},
            "argument": {"name": "language", "value": None},
            "context": {"arguments": {"period": None}},
        },
    ),
    ("tools/call", {"name": "stock_balance", "arguments": None, "requestState": None}),
    ("tools/call", {"name": "stock_balance", "inputResponses": None}),
]


@pytest.mark.parametrize(("method", "params"), PARAMS, ids=str)
async def test_null_is_absent_in_the_params_of_every_method(
    method: str, params: dict[str, Any]
) -> None:
    message = stateless(method, **params)
    message["params"]["_meta"] |= {
        "progressToken": None,
        "traceparent": None,
        "io.modelcontextprotocol/logLevel": None,
        "io.modelcontextprotocol/clientInfo": None,
    }
    async with open_rig(EMPTY) as rig:
        caller = Caller(sub="olena", scopes=frozenset(ALL_SCOPES))
        answer = await ask(make_engine(rig.gateway), message, caller=caller)

    assert "error" not in answer, answer
    assert not answer["result"].get("isError")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
async def test_today_is_the_day_of_1c(zone: str) -> None:
    onec = OnecSettings(base_url="http://1c.test/hs", timezone=zone)
    async with open_rig(EMPTY, onec=onec) as rig:
        before = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
        today = rig.gateway.today()
        after = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()

    assert before <= today <= after  # 25 hours lie between these two zones: never the same day


def test_an_error_whose_text_holds_half_a_character_has_a_body_with_the_request_id() -> None:
    whole = problem_response(NotFound("Кіт \ud83d"), request_id="r-1")
    inner = problem_response(
        ValidationFailed((Problem(path="a\ud83d", message="Кіт"),)), request_id="r-2"
    )

    assert json.loads(whole.body) == {
        "error": "not_found",
        "message": "Кіт \ufffd",
        "request_id": "r-1",
    }
    assert json.loads(inner.body)["problems"] == [{"path": "a\ufffd", "message": "Кіт"}]
    assert json.loads(inner.body)["request_id"] == "r-2"
