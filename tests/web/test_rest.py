from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import trio

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.catalogue.tools import ALL
from onecgw.settings import ApiSettings, LimitsSettings, Secret
from onecgw.web.app import build_app
from onecgw.web.asgi import Message
from tests.builders.gateway_rig import (
    API_TOKEN,
    MCP_TOKEN,
    Answering,
    Rig,
    answering,
    make_engine,
    open_rig,
)

COLUMNS = b'"columns":[{"name":"month","type":"date"},{"name":"amount","type":"number"}]'
TABLE = b"{" + COLUMNS + b',"rows":[["2026-05-01",0.10]],"totals":{"amount":0.10}}'
MAY = {"from": "2026-05-01", "to": "2026-05-31"}
HEADERS = {"Authorization": f"Bearer {API_TOKEN}"}
JSON = {"content-type": "application/json"}


@asynccontextmanager
async def open_rest(
    answer: Answering, **changes: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Rig]]:
    async with open_rig(answer, **changes) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost", headers=HEADERS
        ) as client:
            yield client, rig


async def test_a_report_is_a_post_of_its_arguments() -> None:
    async with open_rest(answering(TABLE)) as (client, rig):
        response = await client.post("/reports/sales", json={"period": MAY})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.content == (
        b'{"rows_returned":1,"truncated":false,'
        + COLUMNS
        + b',"rows":[["2026-05-01",0.10]],"totals":{"amount":0.10}}'
    )
    assert rig.onec.requests[0].headers["x-mcp-sub"] == "api"
    assert rig.onec.requests[0].headers["x-request-id"] == response.headers["x-request-id"]
    assert rig.audit[0].surface == "rest"
    assert rig.audit[0].client.startswith("python-httpx/")


async def test_every_tool_has_its_route() -> None:
    everything = ApiSettings(bearer_token=Secret(API_TOKEN), scopes=ALL_SCOPES)
    async with open_rest(answering(b"{}"), api=everything) as (client, _):
        for tool in ALL:
            response = await client.post(tool.rest_path, content=b"[]", headers=JSON)
            assert response.json()["error"] == "invalid_request", tool.name


async def test_all_problems_are_listed_with_their_paths() -> None:
    async with open_rest(answering(TABLE)) as (client, _):
        response = await client.post("/reports/sales", json={"period": {"from": "x"}, "top": 0})

    assert response.status_code == 400
    assert response.json() == {
        "error": "validation_error",
        "message": "the arguments are not valid",
        "problems": [
            {"path": "period.from", "message": 'a day as YYYY-MM-DD is expected; got "x"'},
            {"path": "period.to", "message": "is required: Last day, inclusive."},
            {"path": "top", "message": "a whole number from 1 is expected; got 0"},
        ],
        "request_id": response.headers["x-request-id"],
    }


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        ({}, 'Bearer realm="onecgw"'),
        ({"Authorization": "Bearer wrong"}, 'Bearer realm="onecgw", error="invalid_token"'),
        ({"Authorization": f"Bearer {MCP_TOKEN}"}, 'Bearer realm="onecgw", error="invalid_token"'),
        ({"Authorization": f"Basic {API_TOKEN}"}, 'Bearer realm="onecgw"'),
        ({"Authorization": "Bearer "}, 'Bearer realm="onecgw"'),
    ],
)
async def test_without_the_right_token_nothing_is_answered(
    authorization: dict[str, str], challenge: str
) -> None:
    async with open_rest(answering(TABLE)) as (client, rig):
        del client.headers["authorization"]
        response = await client.post("/reports/sales", json={"period": MAY}, headers=authorization)

    assert response.status_code == 401
    assert response.json()["error"] == "unauthorized"
    assert response.headers["www-authenticate"] == challenge
    assert rig.onec.requests == []


async def test_two_authorization_headers_are_refused() -> None:
    async with open_rest(answering(TABLE)) as (client, _):
        headers = [("Authorization", f"Bearer {API_TOKEN}"), ("Authorization", "Bearer x")]
        response = await client.post("/reports/sales", json={}, headers=headers)

    assert response.status_code == 401


async def test_cost_is_closed_to_rest_unless_the_settings_open_it() -> None:
    arguments = {"period": MAY, "measures": ["profit"]}
    async with open_rest(answering(TABLE)) as (client, _):
        closed = await client.post("/reports/sales", json=arguments)
    api = ApiSettings(bearer_token=Secret(API_TOKEN), scopes=("mcp:report:sales", COST))
    onec = answering(b'{"columns":[],"rows":[],"totals":{}}')
    async with open_rest(onec, api=api) as (client, _):
        opened = await client.post("/reports/sales", json=arguments)
        other = await client.post("/reports/cash_flow", json={"period": MAY})

    assert (closed.status_code, closed.json()["error"]) == (403, "insufficient_scope")
    assert opened.status_code == 200
    assert (other.status_code, other.json()["error"]) == (403, "insufficient_scope")


async def test_another_method_is_405_and_names_the_right_one() -> None:
    async with open_rest(answering(TABLE)) as (client, _):
        response = await client.get("/reports/sales")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["error"] == "method_not_allowed"


async def test_another_media_type_is_415() -> None:
    async with open_rest(answering(TABLE)) as (client, _):
        response = await client.post("/reports/sales", content=b"{}")
        form = await client.post("/reports/sales", data={"a": "1"})
        spelled = {"content-type": "Application/JSON; charset=utf-8"}
        charset = await client.post("/reports/stock", content=b"{}", headers=spelled)

    assert (response.status_code, form.status_code, charset.status_code) == (415, 415, 200)
    assert "application/json" in response.json()["message"]


async def test_a_body_over_the_limit_is_413_before_its_end() -> None:
    sent: list[Message] = []
    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {API_TOKEN}".encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/reports/stock",
        "headers": [*headers, (b"content-type", b"application/json")],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b" " * 1000, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    async with open_rig(answering(TABLE), limits=LimitsSettings(max_request_bytes=5000)) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        await app(scope, receive, send)

    assert sent[0]["status"] == 413
    assert msgspec.json.decode(sent[1]["body"])["error"] == "payload_too_large"
    assert rig.onec.requests == []


async def test_an_error_of_1c_keeps_the_name_it_had_and_has_its_class() -> None:
    refusal = '{"error":"bad_filter","message":"Немає такого складу"}'.encode()
    async with open_rest(answering(refusal, status=400)) as (client, _):
        response = await client.post("/reports/stock", json={})

    assert response.status_code == 400
    assert response.json() == {
        "error": "onec_error",
        "code": "onec_rejected",
        "message": "Немає такого складу",
        "request_id": response.headers["x-request-id"],
    }


async def test_a_busy_1c_is_503_and_a_runaway_caller_429_with_retry_after() -> None:
    async with open_rest(answering(b"busy", status=503)) as (client, _):
        busy = await client.post("/reports/stock", json={})
    once = LimitsSettings(calls_per_minute=1)
    async with open_rest(answering(TABLE), limits=once) as (client, _):
        await client.post("/reports/stock", json={})
        limited = await client.post("/reports/stock", json={})

    assert (busy.status_code, busy.json()["code"]) == (503, "onec_unavailable")
    assert int(busy.headers["retry-after"]) > 0
    assert (limited.status_code, limited.json()["error"]) == (429, "rate_limited")
    assert int(limited.headers["retry-after"]) == 60


async def test_a_defect_is_500_with_nothing_but_the_request_id(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_rest(answering(TABLE)) as (client, rig):
        monkeypatch.setattr(rig.gateway, "_rate", None)
        response = await client.post("/reports/stock", json={})

    assert response.status_code == 500
    assert response.json() == {
        "error": "internal",
        "message": "something went wrong in the gateway; its log knows more",
        "request_id": response.headers["x-request-id"],
    }
    record = next(record for record in caplog.records if record.message == "rest.defect")
    assert vars(record)["fields"] == {"request_id": response.headers["x-request-id"]}
    assert rig.audit[0].code == "internal"


async def test_a_client_that_leaves_cancels_its_call() -> None:
    reached = trio.Event()

    async def hang(_: httpx.Request) -> httpx.Response:
        reached.set()
        await trio.sleep_forever()
        raise AssertionError

    with trio.fail_after(5):
        async with open_rest(hang) as (client, rig), trio.open_nursery() as nursery:
            nursery.start_soon(lambda: client.post("/reports/stock", json={}))
            await reached.wait()
            nursery.cancel_scope.cancel()

    assert [record.code for record in rig.audit] == ["cancelled"]


async def test_without_a_token_in_the_settings_rest_is_not_there() -> None:
    async with open_rest(answering(TABLE), api=ApiSettings()) as (client, _):
        response = await client.post("/reports/stock", json={})

    assert (response.status_code, response.json()["error"]) == (404, "not_found")


async def test_hostile_bytes_are_an_invalid_request() -> None:
    hostile = [
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 5000,
        b'{"date":"\\ud800"}',
        b"\0",
        b"1" * 6000,
    ]
    async with open_rest(answering(TABLE)) as (client, _):
        for body in hostile:
            response = await client.post("/reports/stock", content=body, headers=JSON)
            assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
