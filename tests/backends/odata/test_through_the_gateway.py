"""The whole gateway over a stock 1C: every tool, and refusals with their reasons."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest

from onecgw.backends.base import Backend
from onecgw.backends.http.httpx_transport import HttpxTransport
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.backends.scheduling.fan_out import Progress, ignore_progress
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.demo.books import Books
from onecgw.demo.http_service import build_demo_app
from onecgw.demo.odata.configurations import ConfigurationName
from onecgw.errors import Unsupported, ValidationFailed
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.gateway.upstream import Sources
from onecgw.settings import LimitsSettings, OnecAuthSettings, OnecSettings, Secret
from onecgw.storage.audit_log import AuditRecord
from tests.backends.odata.conftest import (
    CONTEXT,
    MAX_RESPONSE_BYTES,
    MakeFace,
    backend_of,
    settings_of,
)
from tests.builders.demo_queries import FIRST_DAY, TODAY
from tests.builders.gateway_rig import make_cache
from tests.builders.odata_queries import LOGIN, PASSWORD

BOTH = pytest.mark.parametrize("configuration", ["ut", "unf"])
Call = Callable[..., Any]


@asynccontextmanager
async def gateway_over(backend: Backend, onec: OnecSettings) -> AsyncIterator[Call]:
    """A function that calls a tool with everything between it and the backend."""
    limits, audit, cache = LimitsSettings(), list[AuditRecord](), make_cache(60)
    gateway = Gateway(
        catalogue=Catalogue(ALL, limits),
        sources=Sources(backend=backend, resolver_cache=cache, balance_cache=cache),
        onec=onec,
        audit=audit.append,
    )
    gateway.catalogue.capabilities = await backend.capabilities()

    async def call(tool: str, progress: Progress = ignore_progress, **arguments: object) -> Any:
        body = json.dumps(arguments).encode()
        answer = await gateway.call(ToolCall(context=CONTEXT, tool=tool, arguments=body), progress)
        return json.loads(answer.body)

    try:
        yield call
    finally:
        await backend.aclose()


def service_of(books: Books) -> tuple[Backend, OnecSettings]:
    """The HTTP service's backend in front of the demo."""
    onec = OnecSettings(
        base_url="http://1c.test",
        auth=OnecAuthSettings(username=LOGIN, password=Secret(PASSWORD)),
    )
    app = build_demo_app(books, login=LOGIN, password=PASSWORD, faults=None)
    asgi = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # other names, one shape
    backend = HttpServiceBackend(
        onec, max_response_bytes=MAX_RESPONSE_BYTES, transport=HttpxTransport(onec, asgi)
    )
    return backend, onec


@BOTH
@pytest.mark.parametrize(
    "period",
    [
        {"from": "2026-07-01", "to": "2026-09-30"},
        {"from": "2025-10-01", "to": "2026-09-30"},
        {"from": str(FIRST_DAY + timedelta(days=70)), "to": str(TODAY)},
    ],
    ids=lambda period: f"{period['from']}..{period['to']}",
)
async def test_cycle_has_the_figures_of_the_http_service(
    configuration: ConfigurationName, period: dict[str, str], face: MakeFace, small_books: Books
) -> None:
    async with gateway_over(*service_of(small_books)) as service:
        expected = await service("cash_conversion_cycle", period=period)
    onec = attrs.evolve(settings_of(), base_currency="UAH")  # OData does not name it
    async with gateway_over(backend_of(face(configuration)), onec) as stock:
        found = await stock("cash_conversion_cycle", period=period)
    # What the figures mean is said by each base in its own words.
    for answer in (found, expected):
        answer.pop("notes", None)
        answer.pop("generated_at", None)
        answer.pop("as_of", None)  # OData does not say how far the books go
    assert found == expected


CALLS: dict[str, dict[str, Any]] = {
    "resolve_customer": {"query": "а"},
    "resolve_warehouse": {"query": "склад"},
    "resolve_product": {"query": "а"},
    "resolve_cash": {"query": "а"},
    "resolve_cost_article": {"query": "а"},
    "resolve_operation": {"query": "о"},
    "sales_report": {"period": "2026-05", "group_by": ["warehouse"], "measures": ["margin"]},
    "top_products": {"period": "2026-05"},
    "stock_balance": {"measures": ["qty", "amount"]},
    "cash_balance": {},
    "cash_flow": {"period": "2026-05"},
    "receivables_balance": {},
    "payables_balance": {},
    "purchases_report": {"period": "2026-05"},
    "cash_conversion_cycle": {"period": {"from": "2026-05-01", "to": "2026-06-30"}},
    "debt_aging": {"date": "2026-09-30", "side": "receivable"},
    "stock_cover": {"date": "2026-09-30"},
    "margin_bridge": {"period": "2026-05"},
    "company": {},
}


@BOTH
async def test_every_tool_that_the_base_has_is_answered(
    configuration: ConfigurationName, face: MakeFace
) -> None:
    async with gateway_over(backend_of(face(configuration)), settings_of()) as call:
        for tool, arguments in CALLS.items():
            assert await call(tool, **arguments), tool
        found = await call("sales_report", period="2026-05", group_by=["customer"], top=1)
        customer = found["rows"][0][0]
        card = await call("customer_summary", period="2026-05", customer=customer["label"])
        assert card["customer"]["id"] == customer["id"]
        with pytest.raises(Unsupported, match="it needs every movement of stock"):
            await call("availability_report", period="2026-05")
        with pytest.raises(Unsupported, match="no register of its profile tells"):
            await call("goods_in_transit")
        with pytest.raises(Unsupported, match="this configuration keeps no sales channels"):
            await call("resolve_sales_channel", query="а")
        products = await call("resolve_product", query="а", limit=1)
        product = products["candidates"][0]
        details = await call("product_details", product_ids=[product["id"]])
        assert details["candidates"][0]["label"] == product["label"]
    refused = {"availability_report", "goods_in_transit", "resolve_sales_channel"}
    assert {*CALLS, "customer_summary", "product_details", *refused} == {tool.name for tool in ALL}


async def test_refusals_say_why_the_base_lacks_something(face: MakeFace) -> None:
    register = "AccumulationRegister_РасчетыСПоставщиками"
    backend = backend_of(face("unf", without=[register]))
    async with gateway_over(backend, settings_of()) as call:
        with pytest.raises(Unsupported) as refused:
            await call("cash_conversion_cycle", period="2026-05")
        assert refused.value.message == (
            "the 1C base behind this gateway does not support cash_conversion_cycle: «Регистр"
            f" накопления: Расчеты с поставщиками» ({register}) is not published. Publish it in 1C:"
            " Все функции → Обработки → «Настройка стандартного интерфейса OData» → Состав"
        )
        with pytest.raises(ValidationFailed) as invalid:
            await call("sales_report", period="2026-05", group_by=["sales_channel"])
        assert invalid.value.message == (
            "group_by: this 1C base does not support sales_channel: this configuration keeps no"
            " sales channels"
        )


async def test_progress_of_a_long_report_reaches_the_caller(face: MakeFace) -> None:
    seen: list[tuple[int, int]] = []

    async def progress(done: int, of: int) -> None:
        seen.append((done, of))

    period = {"from": "2026-04-01", "to": "2026-09-30"}
    async with gateway_over(backend_of(face("unf")), settings_of()) as call:
        await call("sales_report", progress=progress, period=period, group_by=["month"])
    assert seen == [(done, 6) for done in range(1, 7)]
