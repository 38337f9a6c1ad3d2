"""The demo 1C served for tests: in memory, or on a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import trio

from onecgw.auth.caller import ALL_SCOPES
from onecgw.demo.books import Books
from onecgw.demo.fault_plan import FaultPlan
from onecgw.demo.http_service import build_demo_app
from onecgw.demo.server import serve_demo_onec

LOGIN, PASSWORD = "Шлюз", "пароль"
AUTH = httpx.BasicAuth(LOGIN.encode(), PASSWORD.encode())


@asynccontextmanager
async def client_in_memory(
    books: Books, *, scopes: tuple[str, ...] = ALL_SCOPES, faults: FaultPlan | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application itself."""
    app = build_demo_app(books, login=LOGIN, password=PASSWORD, faults=faults)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type] # other names, one shape
        base_url="http://demo.test",
        auth=AUTH,
        headers={"X-MCP-Scopes": ",".join(scopes)},
    ) as client:
        yield client


@asynccontextmanager
async def demo_on_socket(books: Books, faults: FaultPlan | None = None) -> AsyncIterator[str]:
    """The base URL of the demo 1C, served until the block ends."""
    app = build_demo_app(books, login=LOGIN, password=PASSWORD, faults=faults)
    async with trio.open_nursery() as nursery:
        serve = partial(serve_demo_onec, app, host="127.0.0.1", port=0)
        yield await nursery.start(serve)
        nursery.cancel_scope.cancel()
