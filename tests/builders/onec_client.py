"""The client of 1C's HTTP service, its settings and its recorded answers, for tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import attrs

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.base import BackendCall
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.settings import OnecSettings

FIXTURES = Path(__file__).parents[1] / "backends" / "fixtures"
TRANSPORT: Literal["direct", "httpx"] = "direct"  # or httpx; tests/backends/conftest.py sets it
SETTINGS = OnecSettings(base_url="http://onec.invalid/base/hs")


def recorded(name: str) -> bytes:
    """A recorded HTTP answer, head and body."""
    return (FIXTURES / f"{name}.http").read_bytes()


def recorded_names() -> Iterator[str]:
    return (path.stem for path in sorted(FIXTURES.glob("*.http")))


def call(
    operation: str = "reports/sales",
    *,
    sub: str = "anna",
    request_id: str = "r-1",
    traceparent: str | None = None,
) -> BackendCall:
    context = CallContext(
        caller=Caller(sub=sub, scopes=frozenset(ALL_SCOPES)),
        request_id=request_id,
        surface="mcp",
        traceparent=traceparent,
    )
    return BackendCall(context=context, operation=operation, body=b'{"top":1}')


@asynccontextmanager
async def client_of(
    base_url: str, settings: OnecSettings = SETTINGS, *, max_response_bytes: int = 1_000_000
) -> AsyncIterator[HttpServiceBackend]:
    """A client of the service at base_url, closed when the block ends."""
    client = HttpServiceBackend(
        attrs.evolve(settings, base_url=base_url, transport=TRANSPORT),
        max_response_bytes=max_response_bytes,
    )
    try:
        yield client
    finally:
        await client.aclose()
