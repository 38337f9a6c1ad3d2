"""The OData backend in front of the demo's OData interface, in memory."""

import json
from collections.abc import Collection
from functools import cache
from typing import Any, Protocol

import httpx
import msgspec
import pytest

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.base import BackendCall
from onecgw.backends.http.httpx_transport import HttpxTransport
from onecgw.backends.odata.backend import ODataBackend
from onecgw.demo.books import Books
from onecgw.demo.odata.app import ODataApp, build_odata_app
from onecgw.demo.odata.configurations import ConfigurationName
from onecgw.demo.odata.faults import parse_odata_faults
from onecgw.settings import OnecAuthSettings, OnecODataSettings, OnecSettings, Secret
from tests.builders.demo_queries import TODAY
from tests.builders.odata_queries import LOGIN, PASSWORD
from tests.demo.conftest import reference, small_books

__all__ = ["reference", "small_books"]
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
CONTEXT = CallContext(
    caller=Caller(sub="tester", scopes=frozenset(ALL_SCOPES)), request_id="r-1", surface="mcp"
)


class MakeFace(Protocol):
    """Build the interface of a configuration; the books' registers are made once."""

    def __call__(
        self,
        configuration: ConfigurationName,
        faults: str = "",
        *,
        without: Collection[str] = (),
    ) -> ODataApp: ...


@pytest.fixture(scope="session")
def face(small_books: Books) -> MakeFace:
    @cache
    def whole(configuration: ConfigurationName) -> ODataApp:
        return build_odata_app(small_books, configuration, login=LOGIN, password=PASSWORD)

    def build(
        configuration: ConfigurationName, faults: str = "", *, without: Collection[str] = ()
    ) -> ODataApp:
        return whole(configuration).varied(
            parse_odata_faults(faults) if faults else None, unpublished=without
        )

    return build


def backend_of(app: Any, **odata: Any) -> ODataBackend:
    """A backend in front of an ASGI application; odata: settings below `onec.odata`."""
    settings = settings_of(**odata)
    return ODataBackend(
        settings,
        max_response_bytes=MAX_RESPONSE_BYTES,
        transport=HttpxTransport(settings, httpx.ASGITransport(app=app)),
        today=lambda: TODAY,
    )


def settings_of(**odata: Any) -> OnecSettings:
    return OnecSettings(
        backend="odata",
        base_url="http://1c.test/trade",
        auth=OnecAuthSettings(username=LOGIN, password=Secret(PASSWORD)),
        odata=OnecODataSettings(**odata),
    )


async def fetch(backend: ODataBackend, operation: str, body: dict[str, Any]) -> bytes:
    """The answer to an operation, as it was encoded."""
    call = BackendCall(context=CONTEXT, operation=operation, body=json.dumps(body).encode())
    return await backend.fetch(call)


async def ask(backend: ODataBackend, operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to an operation, decoded."""
    return msgspec.json.decode(await fetch(backend, operation, body), type=dict[str, Any])
