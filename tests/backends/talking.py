"""How the tests of the 1C room talk to it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.backends.http_service.call import OnecCall
from onecgw.backends.http_service.client import OnecClient
from onecgw.settings import OnecSettings

FIXTURES = Path(__file__).parent / "fixtures"
SETTINGS = OnecSettings(base_url="http://onec.invalid/base/hs")


def recorded(name: str) -> bytes:
    """A recorded HTTP answer, head and body."""
    return (FIXTURES / f"{name}.http").read_bytes()


def recorded_names() -> Iterator[str]:
    return (path.stem for path in sorted(FIXTURES.glob("*.http")))


def call(
    path: str = "/mcp/reports/sales", *, sub: str = "anna", request_id: str = "r-1"
) -> OnecCall:
    caller = Caller(sub=sub, scopes=frozenset(ALL_SCOPES))
    return OnecCall(path=path, body=b'{"top":1}', caller=caller, request_id=request_id)


@asynccontextmanager
async def client_of(
    base_url: str, settings: OnecSettings = SETTINGS, *, max_response_bytes: int = 1_000_000
) -> AsyncIterator[OnecClient]:
    """A client of the service at base_url, closed when the block ends."""
    client = OnecClient(
        attrs.evolve(settings, base_url=base_url), max_response_bytes=max_response_bytes
    )
    try:
        yield client
    finally:
        await client.aclose()
