"""What reaches 1C: the exact body and the exact headers of every call, from every surface."""

import base64
import json
from typing import Any

import attrs
import httpx
import pytest

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY, SALES, STOCK
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.tools import ALL, BY_NAME
from onecgw.settings import OnecAuthSettings, OnecSettings, Secret
from tests.builders.constant_books import answer_of
from tests.builders.gateway_rig import answering, make_settings
from tests.builders.surfaces import SURFACES, Surface, open_surfaces
from tests.catalogue_truth import MAY
from tests.wire import analyses, cycle, reports, resolvers
from tests.wire.row import Row

TABLE = (*resolvers.TABLE, *reports.TABLE, *cycle.TABLE, *analyses.TABLE)
BASE_URL = "http://1c.test/trade/hs"
CANDIDATE = answering(b'{"candidates":[{"id":"c7","label":"A","archived":false}]}')
CARD = answering(b'{"customer":{"label":"A"},"totals":{}}')
REPORT = answering(b'{"columns":[],"rows":[],"totals":{}}')
SUB = {"rest": "api", "legacy": "static", "modern": "static"}
# The login and the password of make_settings, in UTF-8.
BASIC = "Basic 0KjQu9GO0Lc60L/QsNGA0L7Qu9GM"
EVERY_SCOPE = "mcp:resolve,mcp:report:sales,mcp:report:stock,mcp:report:money,mcp:report:cost"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def answer(request: httpx.Request) -> Any:
    """What the tool that asks can go on with."""
    if request.url.path.endswith("/product_details"):
        found = [{"id": one, "label": "A"} for one in json.loads(request.content)["product_ids"]]
        return answering(json.dumps({"candidates": found}).encode())(request)
    if "/resolve/" in request.url.path:
        return CANDIDATE(request)
    if request.url.path.endswith("/customer_summary"):
        return CARD(request)
    return REPORT(request)


def empty_table(request: httpx.Request) -> httpx.Response:
    """A report without rows, with the columns that were requested."""
    arguments = json.loads(request.content)
    columns = [
        *({"name": name, "type": "string"} for name in arguments["group_by"]),
        *({"name": name, "type": "number"} for name in arguments["measures"]),
    ]
    table = {"columns": columns, "rows": [], "totals": dict.fromkeys(arguments["measures"])}
    return answering(json.dumps(table).encode())(request)  # type: ignore[return-value]


def onec_for(tool: str) -> Any:
    """A 1C that the tool can go on with."""
    if tool == "cash_conversion_cycle":
        return answer_of
    is_composite = isinstance(BY_NAME[tool], CompositeTool)
    return empty_table if is_composite else answer


def exactly(value: object) -> str:
    """JSON in which 10 and 10.0, or true and 1, differ; the order of members means nothing."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def expected_requests(row: Row, surface: Surface) -> list[tuple[str, str]]:
    protocol = "rest" if surface == "rest" else "mcp"
    requests = []
    for path, body in row.requests:
        top = body.get("top")
        sent = {**body, "top": top[protocol]} if isinstance(top, dict) else body
        requests.append((f"{BASE_URL}{path}", exactly(sent)))
    return sorted(requests)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("row", TABLE, ids=str)
async def test_1c_gets_exactly_these_requests(row: Row, surface: Surface) -> None:
    async with open_surfaces(onec_for(row.tool)) as surfaces:
        response = await surfaces.post(surface, row.tool, row.sent)
        requests = surfaces.rig.onec.requests
        [record] = surfaces.rig.audit

    assert response.status_code == 200, response.text
    assert not response.json().get("result", {}).get("isError"), response.text
    sent = [(str(one.url), exactly(json.loads(one.content))) for one in requests]
    assert sorted(sent) == expected_requests(row, surface)
    for request in requests:
        assert request.method == "POST"
        assert dict(request.headers) == {
            "host": "1c.test",
            "authorization": BASIC,
            "content-type": "application/json",
            "content-length": str(len(request.content)),
            "accept": "application/json",
            "accept-encoding": "gzip",
            "user-agent": "onecgw",
            "x-mcp-sub": SUB[surface],
            "x-mcp-scopes": EVERY_SCOPE,
            "x-request-id": record.request_id,
        }
        assert len(request.headers.raw) == len(request.headers)  # none is said twice


def test_the_table_has_each_form_of_each_tool() -> None:
    forms = {(row.tool, row.form) for row in TABLE}

    # What company asks, and the other two without a date, depends on the day of the test.
    undated = {"company", "debt_aging", "stock_cover"}
    assert {tool for tool, _ in forms} == {tool.name for tool in ALL} - {"company"}
    for tool in {tool for tool, _ in forms}:
        for form in ("nothing optional", "everything", "forgiving"):
            assert (tool, form) in forms or (tool in undated and form == "nothing optional")


@pytest.mark.parametrize("surface", SURFACES)
async def test_texts_reach_1c_in_their_own_letters(surface: Surface) -> None:
    query = '«Ромашка»\u00a0№1 ї ґ ё \U0001f33c " \\ \u2028'
    async with open_surfaces(answer) as surfaces:
        await surfaces.post(surface, "resolve_customer", {"query": query})

    [request] = surfaces.rig.onec.requests
    escaped = query.replace("\\", "\\\\").replace('"', '\\"')
    assert request.content == f'{{"query":"{escaped}","limit":11}}'.encode()


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ((SALES, COST), "mcp:report:sales,mcp:report:cost"),
        # Said in the order of the contract, whatever the settings say.
        ((MONEY, STOCK, SALES), "mcp:report:sales,mcp:report:stock,mcp:report:money"),
    ],
)
async def test_1c_gets_the_scopes_of_the_caller(
    surface: Surface, scopes: tuple[str, ...], expected: str
) -> None:
    async with open_surfaces(answer, scopes=scopes) as surfaces:
        await surfaces.post(surface, "sales_report", {"period": MAY})

    assert [one.headers["x-mcp-scopes"] for one in surfaces.rig.onec.requests] == [expected]


async def test_by_default_rest_is_without_the_scope_of_costs() -> None:
    defaults = make_settings()
    async with open_surfaces(answer, mcp=defaults.mcp, api=defaults.api) as surfaces:
        for surface in SURFACES:
            await surfaces.post(surface, "stock_balance", {})

    assert [one.headers["x-mcp-scopes"] for one in surfaces.rig.onec.requests] == [
        "mcp:resolve,mcp:report:sales,mcp:report:stock,mcp:report:money",
        EVERY_SCOPE,
        EVERY_SCOPE,
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tenant_header": "X-Tenant", "default_tenant": "acme"}, {"x-tenant": "acme"}),
        ({"tenant_header": "X-Tenant"}, {}),
        ({"default_tenant": "acme"}, {}),
    ],
    ids=["both", "no tenant", "no header"],
)
@pytest.mark.parametrize("surface", SURFACES)
async def test_the_tenant_is_sent_where_the_settings_name_header_and_tenant(
    surface: Surface, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    onec = OnecSettings(base_url=BASE_URL, **changes)
    async with open_surfaces(answer, onec=onec) as surfaces:
        await surfaces.post(surface, "stock_balance", {})

    [request] = surfaces.rig.onec.requests
    assert {name: request.headers[name] for name in request.headers if "tenant" in name} == expected


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (OnecAuthSettings(type="bearer", token=Secret("t0ken.of-1C")), "Bearer t0ken.of-1C"),
        (OnecAuthSettings(username="Шлюз", password=Secret("пароль")), BASIC),
        (
            OnecAuthSettings(username="robot", password=Secret("a:b")),
            f"Basic {base64.b64encode(b'robot:a:b').decode()}",
        ),
    ],
    ids=["bearer", "cyrillic", "colon"],
)
@pytest.mark.parametrize("surface", SURFACES)
async def test_1c_is_called_under_its_technical_user(
    surface: Surface, auth: OnecAuthSettings, expected: str
) -> None:
    onec = attrs.evolve(make_settings().onec, auth=auth)
    async with open_surfaces(answer, onec=onec) as surfaces:
        await surfaces.post(surface, "stock_balance", {})

    assert [one.headers["authorization"] for one in surfaces.rig.onec.requests] == [expected]


@pytest.mark.parametrize("base_url", [BASE_URL, f"{BASE_URL}/"])
async def test_a_slash_at_the_end_of_base_url_changes_nothing(base_url: str) -> None:
    onec = attrs.evolve(make_settings().onec, base_url=base_url)
    async with open_surfaces(answer, onec=onec) as surfaces:
        await surfaces.post("rest", "stock_balance", {})

    assert [str(one.url) for one in surfaces.rig.onec.requests] == [f"{BASE_URL}/mcp/reports/stock"]


@pytest.mark.parametrize(
    ("surface", "header", "meta", "expected"),
    [
        *((surface, TRACE, None, TRACE) for surface in SURFACES),
        *((surface, "00-not-a-trace-01", None, None) for surface in SURFACES),
        ("legacy", None, TRACE, TRACE),
        ("modern", None, TRACE, TRACE),
        # What the message says goes before what the transport says.
        ("legacy", OTHER_TRACE, TRACE, TRACE),
        ("modern", OTHER_TRACE, TRACE, TRACE),
        ("modern", None, f"{TRACE}\r\nX-MCP-Scopes: all", None),
    ],
)
async def test_the_trace_of_the_caller_goes_on_in_1c(
    surface: Surface, header: str | None, meta: str | None, expected: str | None
) -> None:
    async with open_surfaces(answer_of) as surfaces:
        response = await surfaces.post(
            surface,
            "cash_conversion_cycle",
            {"period": MAY},
            headers={"traceparent": header} if header else {},
            meta={"traceparent": meta} if meta else {},
        )

    assert response.status_code == 200
    requests = surfaces.rig.onec.requests
    assert [one.headers.get("traceparent") for one in requests] == [expected] * 23


@pytest.mark.parametrize("surface", SURFACES)
async def test_what_a_caller_says_in_headers_of_1c_does_not_reach_it(surface: Surface) -> None:
    forged = {
        "x-mcp-sub": "director",
        "x-mcp-scopes": ",".join(ALL_SCOPES),
        "x-request-id": "mine",
        "x-tenant": "other",
        "cookie": "ibsession=1",
        "ibsession": "start",
    }
    async with open_surfaces(answer, scopes=(STOCK,)) as surfaces:
        await surfaces.post(surface, "stock_balance", {}, headers=forged)

    [request] = surfaces.rig.onec.requests
    assert {name: request.headers.get(name) for name in forged} == {
        "x-mcp-sub": SUB[surface],
        "x-mcp-scopes": STOCK,
        "x-request-id": surfaces.rig.audit[0].request_id,
        "x-tenant": None,
        "cookie": None,
        "ibsession": None,
    }
