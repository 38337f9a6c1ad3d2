"""GET /metrics: who may read it, and that its figures are those of the calls."""

from typing import Any

import attrs
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from onecgw.app.lifespan import open_application
from onecgw.app.serve_demo import DEMO_API_TOKEN, demo_settings
from onecgw.demo.books import Books
from onecgw.settings import MetricsSettings, Secret
from onecgw.web.app import build_app
from tests.builders.demo_server import PASSWORD, demo_on_socket

TOKEN = "a-token-of-prometheus"
API = {"authorization": f"Bearer {DEMO_API_TOKEN}"}
SALES = {"period": {"from": "2026-09-01", "to": "2026-09-30"}}


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_figures_are_those_of_the_calls(small_books: Books) -> None:
    async with demo_on_socket(small_books) as base_url:
        settings = demo_settings(base_url=base_url, port=0, password=PASSWORD)
        async with open_application(settings) as application:
            app: Any = build_app(
                settings,
                application.gateway,
                application.engine,
                render_metrics=application.metrics.render,
            )
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost", headers=API
            ) as client:
                for _ in range(2):
                    await client.post("/resolve/customer", json={"query": "мрія"})
                await client.post("/reports/sales", json=SALES)
                await client.post("/reports/sales", json={"perod": {}})
                response = await client.get("/metrics")
    found = samples(response.text)

    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    # Labels in the order of their names: code, surface, tool.
    calls = {key[1:]: value for key, value in found.items() if key[0] == "onecgw_tool_calls_total"}
    assert calls == {
        ("ok", "rest", "resolve_customer"): 2,
        ("ok", "rest", "sales_report"): 1,
        ("validation_error", "rest", "sales_report"): 1,
    }
    assert found["onecgw_tool_call_seconds_count", "rest", "sales_report"] == 2
    assert found["onecgw_onec_calls_per_tool_call_sum", "resolve_customer"] == 1
    assert found["onecgw_cache_lookups", "resolvers", "hit"] == 1
    assert found["onecgw_cache_lookups", "resolvers", "miss"] == 1
    assert found["onecgw_breaker", "closed"] == 1
    assert found["onecgw_breaker", "open"] == 0
    assert found["onecgw_onec_in_flight",] == found["onecgw_onec_waiting",] == 0


@pytest.mark.parametrize(
    ("peer", "headers", "token", "status"),
    [
        ("127.0.0.1", {}, None, 200),
        ("::1", {}, None, 200),
        ("192.0.2.7", {}, None, 401),
        # A proxy on this computer passes on what comes from anywhere.
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, None, 401),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}, None, 401),
        ("192.0.2.7", {"authorization": f"Bearer {TOKEN}"}, TOKEN, 200),
        ("192.0.2.7", {"authorization": "Bearer another"}, TOKEN, 401),
        ("192.0.2.7", {"authorization": f"Bearer {DEMO_API_TOKEN}"}, TOKEN, 401),
    ],
)
async def test_metrics_are_for_this_computer_or_for_a_token(
    peer: str, headers: dict[str, str], token: str | None, status: int
) -> None:
    demo = demo_settings(base_url="http://127.0.0.1:9", port=0, password="x")
    metrics = MetricsSettings(bearer_token=Secret(token) if token else None)
    settings = attrs.evolve(demo, metrics=metrics)
    async with open_application(settings) as application:
        app: Any = build_app(
            settings,
            application.gateway,
            application.engine,
            render_metrics=application.metrics.render,
        )
        transport = httpx.ASGITransport(app, client=(peer, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            response = await client.get("/metrics", headers=headers)

    assert response.status_code == status


async def test_livez_answers_without_1c() -> None:
    settings = demo_settings(base_url="http://127.0.0.1:9", port=0, password="x")
    async with open_application(settings) as application:
        app: Any = build_app(settings, application.gateway, application.engine)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client:
            response = await client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
