from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from onecgw.settings import ServerSettings
from onecgw.web.app import build_app
from tests.builders.gateway_rig import API_TOKEN, answering, make_engine, open_rig

EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 - nothing is bound here
LOOPBACK = ServerSettings(host="127.0.0.1")
PUBLIC = ServerSettings(
    host=EVERY_INTERFACE,
    public_url="https://gw.example.org",
    allowed_origins=("https://desk.example.org",),
    allowed_hosts=("gw.lan", "gw.home:8443"),
)
NAMELESS = ServerSettings(host=EVERY_INTERFACE)


@asynccontextmanager
async def open_client(server: ServerSettings, url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with open_rig(answering(b"{}"), server=server) as rig:
        app: Any = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            yield client


@pytest.mark.parametrize(
    ("server", "url", "status"),
    [
        (LOOPBACK, "http://localhost:8088", 200),
        (LOOPBACK, "http://127.0.0.1:8088", 200),
        (LOOPBACK, "http://[::1]:8088", 200),
        (LOOPBACK, "http://evil.example", 421),
        (LOOPBACK, "http://localhost.evil.example", 421),
        (LOOPBACK, "http://127.0.0.1.evil.example:8088", 421),
        (PUBLIC, "https://gw.example.org", 200),
        (PUBLIC, "https://GW.example.org:443", 200),
        (PUBLIC, "http://gw.lan:8088", 200),
        (PUBLIC, "http://gw.home:8443", 200),
        (PUBLIC, "http://10.0.0.5:8088", 200),
        (PUBLIC, "http://10.0.0.5.evil.example", 421),
        (LOOPBACK, "http://10.0.0.5:8088", 421),
        (PUBLIC, "http://localhost:8088", 200),
        (PUBLIC, "https://evil.example", 421),
        (NAMELESS, "http://whatever.example", 200),
    ],
)
async def test_only_the_gateways_own_names_are_answered(
    server: ServerSettings, url: str, status: int
) -> None:
    async with open_client(server, url) as client:
        response = await client.get("/health")

    assert response.status_code == status


async def test_two_host_headers_are_refused() -> None:
    async with open_client(LOOPBACK, "http://localhost") as client:
        response = await client.get(
            "/health", headers=[("host", "localhost"), ("host", "evil.example")]
        )

    assert (response.status_code, response.json()["error"]) == (421, "misdirected_request")


@pytest.mark.parametrize(
    ("server", "origin", "status"),
    [
        (LOOPBACK, "http://localhost:6274", 200),
        (LOOPBACK, "http://127.0.0.1", 200),
        (LOOPBACK, "https://evil.example", 403),
        (LOOPBACK, "http://localhost.evil.example", 403),
        (LOOPBACK, "null", 403),
        (LOOPBACK, "", 403),
        (PUBLIC, "https://gw.example.org", 200),
        (PUBLIC, "https://desk.example.org", 200),
        (PUBLIC, "https://desk.example.org.evil.example", 403),
        (PUBLIC, "http://desk.example.org", 403),
        (PUBLIC, "http://localhost:6274", 403),
        (NAMELESS, "http://localhost:6274", 403),
    ],
)
@pytest.mark.parametrize("path", ["/health", "/mcp", "/reports/sales", "/nowhere"])
async def test_pages_of_foreign_origins_are_refused_on_every_path(
    server: ServerSettings, origin: str, status: int, path: str
) -> None:
    async with open_client(server, "http://localhost") as client:
        response = await client.get(path, headers={"origin": origin})

    assert (response.status_code == 403) == (status == 403)
    granted = response.headers.get("access-control-allow-origin")
    assert granted == (origin if status == 200 else None)


async def test_a_preflight_of_an_allowed_page_says_what_it_may_send_without_a_token() -> None:
    headers = {
        "origin": "http://localhost:6274",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
    }
    async with open_client(LOOPBACK, "http://localhost") as client:
        response = await client.options("/mcp", headers=headers)

    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "http://localhost:6274"
    assert response.headers["access-control-allow-headers"] == "authorization, content-type"
    assert response.headers["vary"] == "origin"


async def test_health_is_what_it_always_was() -> None:
    async with open_client(LOOPBACK, "http://localhost") as client:
        response = await client.get("/health")

    assert response.content == b'{"status":"ok"}'
    assert response.headers["content-type"] == "application/json"


async def test_what_is_not_there_is_a_json_404_and_a_wrong_method_a_json_405() -> None:
    async with open_client(LOOPBACK, "http://localhost") as client:
        missing = await client.get("/nowhere", headers={"authorization": f"Bearer {API_TOKEN}"})
        wrong = await client.post("/health")

    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["error"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["allow"]
