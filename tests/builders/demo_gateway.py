"""A gateway in front of the demo's books, in one process; a test may falsify what 1C answers."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import trio

from onecgw.demo.books import Books
from onecgw.demo.http_service import build_demo_app
from onecgw.settings import LimitsSettings, OnecAuthSettings, OnecSettings, Secret
from tests.builders.gateway_rig import Rig, open_rig

PASSWORD = "password-of-tests"

Falsify = Callable[[str, Any], None]


@asynccontextmanager
async def open_demo(
    books: Books, *, falsify: Falsify | None = None, limits: LimitsSettings | None = None
) -> AsyncIterator[Rig]:
    """falsify: changes the parsed answer of a report (`sales`) before the gateway reads it."""
    app: Any = build_demo_app(books, login="Шлюз", password=PASSWORD)
    transport = httpx.ASGITransport(app)

    async def answer(request: httpx.Request) -> httpx.Response:
        response = await transport.handle_async_request(request)
        if falsify is None:
            return response
        content = json.loads(await response.aread(), parse_float=Decimal)
        falsify(request.url.path.rpartition("/")[2], content)
        body = json.dumps(content, default=lambda number: f"@{number}@").replace('"@', "")
        headers = {"content-type": "application/json"}
        return httpx.Response(200, content=body.replace('@"', "").encode(), headers=headers)

    onec = OnecSettings(
        base_url="http://1c.test",
        report_timeout_ms=60_000,
        auth=OnecAuthSettings(username="Шлюз", password=Secret(PASSWORD)),
    )
    with trio.fail_after(120):
        async with open_rig(answer, onec=onec, limits=limits or LimitsSettings()) as rig:
            yield rig


async def ask(rig: Rig, tool: str, **arguments: Any) -> Any:
    """The answer, its numbers as Decimals."""
    body = await rig.call(tool, json.dumps(arguments).encode())
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def by_id(answer: Any) -> dict[str, list[Any]]:
    """The cells of each row behind its first one, by the id of that."""
    return {row[0]["id"]: row[1:] for row in answer["rows"]}
