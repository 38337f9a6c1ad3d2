"""One `tools/call` over HTTP: how many modules run, and how often one calls into another."""

import sys
from itertools import groupby
from types import FrameType
from typing import Any

import httpx
import msgspec

from onecgw.backends.base import BackendCall
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.gateway.service import Gateway
from onecgw.gateway.upstream import Sources
from onecgw.mcp.validation import STATELESS_VERSION
from onecgw.web.app import build_app
from tests.builders.gateway_rig import MCP_TOKEN, make_cache, make_engine, make_settings
from tests.builders.mcp_engine import META, stateless

# The generated constructor of a value does not count: it runs no code of its module.
MAX_MODULES = 33
MAX_SWITCHES = 87
TABLE = (
    b'{"columns":[{"name":"month","type":"date"},{"name":"amount","type":"number"}],'
    b'"rows":[["2026-05-01",0.10]],"totals":{"amount":0.10}}'
)
CALL = stateless(
    "tools/call",
    name="sales_report",
    arguments={
        "period": {"from": "2026-05-01", "to": "2026-05-31"},
        "group_by": ["month"],
        "measures": ["amount"],
    },
    meta={f"{META}clientInfo": {"name": "desk", "version": "1"}, "progressToken": 1},
)
HEADERS = {
    "authorization": f"Bearer {MCP_TOKEN}",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": STATELESS_VERSION,
    "mcp-method": "tools/call",
    "mcp-name": "sales_report",
}


class ScriptedBackend:
    """A backend that answers every operation with TABLE."""

    async def fetch(self, _call: BackendCall) -> bytes:
        return TABLE


class CallTrace:
    """A profiler that notes the functions of onecgw that are entered, in order.

    A coroutine that goes on after a wait is not entered again: how often it waits depends on the
    scheduler.
    """

    def __init__(self) -> None:
        self.entered: list[tuple[str, str]] = []
        self._seen: dict[int, FrameType] = {}  # holds the frames, so that no id is used twice

    def __call__(self, frame: FrameType, event: str, _arg: object) -> None:
        module = frame.f_globals.get("__name__", "")
        is_ours = module.startswith("onecgw.") and "attrs generated" not in frame.f_code.co_filename
        if event == "call" and is_ours and id(frame) not in self._seen:
            self._seen[id(frame)] = frame
            self.entered.append((module, frame.f_code.co_qualname))

    def runs(self) -> list[str]:
        """One line for each run of calls that stays inside one module."""
        runs = groupby(self.entered, key=lambda entry: entry[0])
        return [f"{module}: {', '.join(name for _, name in run)}" for module, run in runs]


def make_app() -> Any:
    settings = make_settings()
    backend: Any = ScriptedBackend()
    sources = Sources(backend=backend, resolver_cache=make_cache(1), balance_cache=make_cache(1))
    gateway = Gateway(
        catalogue=Catalogue(ALL, settings.limits),
        sources=sources,
        onec=settings.onec,
        audit=lambda _record: None,
    )
    return build_app(settings, gateway, make_engine(gateway))


async def trace_call() -> CallTrace:
    transport, trace = httpx.ASGITransport(make_app()), CallTrace()
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=HEADERS
    ) as client:
        await client.post("/mcp", json=CALL)  # fills what is computed once
        sys.setprofile(trace)
        try:
            response = await client.post("/mcp", json=CALL)
        finally:
            sys.setprofile(None)
    result = msgspec.json.decode(response.content)["result"]
    assert result["structuredContent"]["rows"] == [["2026-05-01", 0.1]]
    return trace


async def test_one_call_crosses_few_modules() -> None:
    trace = await trace_call()
    modules = sorted({module for module, _ in trace.entered})
    runs = trace.runs()
    switches = len(runs) - 1
    counted = f"{len(modules)} modules, {switches} switches"
    is_within = len(modules) <= MAX_MODULES and switches <= MAX_SWITCHES
    assert is_within, "\n".join([counted, *modules, "", *runs])
