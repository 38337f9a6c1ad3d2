"""How long a 12-month cycle takes in front of a slow 1C: `python -m tests.bench.cycle_waves`.

Real sockets: the gateway's client on one side, a 1C that takes 300 ms per call on the other. Ideal
is the number of waves times 300 ms; sequential is the same cycle with one call at a time.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from math import ceil

import httpx
import trio

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.gateway.upstream import Sources
from onecgw.settings import LimitsSettings, OnecSettings
from onecgw.storage.audit_log import AuditRecord
from tests.bench.figures import Figure, Options
from tests.builders.constant_books import answer_of
from tests.builders.gateway_rig import make_cache
from tests.builders.onec_server import ReceivedRequest, Wire, onec_server

ARGUMENTS = json.dumps({"period": {"from": "2025-01-01", "to": "2025-12-31"}}).encode()


async def run_cycle(base_url: str, *, max_concurrency: int) -> AuditRecord:
    """What the audit says of one cycle."""
    onec = OnecSettings(
        base_url=base_url, max_concurrency=max_concurrency, report_timeout_ms=120_000
    )
    limits, audit = LimitsSettings(), list[AuditRecord]()
    backend = HttpServiceBackend(onec, max_response_bytes=limits.max_response_bytes)
    gateway = Gateway(
        catalogue=Catalogue(ALL, limits),
        sources=Sources(backend=backend, resolver_cache=make_cache(0), balance_cache=make_cache(0)),
        onec=onec,
        audit=audit.append,
    )
    call = ToolCall(
        context=CallContext(
            caller=Caller(sub="bench", scopes=frozenset(ALL_SCOPES)),
            request_id="bench",
            surface="mcp",
        ),
        tool="cash_conversion_cycle",
        arguments=ARGUMENTS,
    )
    try:
        await gateway.call(call)
    finally:
        await backend.aclose()
    return audit[0]


async def compare(call_ms: int, limits: Sequence[int]) -> None:
    """One line per limit, the last one sequential."""

    async def play(asked: ReceivedRequest, wire: Wire) -> None:
        await trio.sleep(call_ms / 1000)
        request = httpx.Request("POST", f"http://1c.test{asked.path}", content=asked.body)
        answer = await answer_of(request).aread()
        await wire.answer(answer, headers=("Content-Type: application/json",))

    print("at once  calls  waves  ideal ms  actual ms  actual / ideal")
    async with onec_server(play) as server:
        for limit in (*limits, 1):
            record = await run_cycle(server.base_url, max_concurrency=limit)
            waves = ceil(record.onec_calls / limit)
            ideal_ms = waves * call_ms
            print(
                f"{limit:7}  {record.onec_calls:5}  {waves:5}  {ideal_ms:8}  "
                f"{record.duration_ms:9}  {record.duration_ms / ideal_ms:14.3f}"
            )


async def _ratio(call_ms: int, limit: int) -> float:
    async def play(asked: ReceivedRequest, wire: Wire) -> None:
        await trio.sleep(call_ms / 1000)
        request = httpx.Request("POST", f"http://1c.test{asked.path}", content=asked.body)
        answer = await answer_of(request).aread()
        await wire.answer(answer, headers=("Content-Type: application/json",))

    async with onec_server(play) as server:
        record = await run_cycle(server.base_url, max_concurrency=limit)
    return record.duration_ms / (ceil(record.onec_calls / limit) * call_ms)


def waves(_options: Options) -> Iterator[Figure]:
    """The duration of a cycle in front of a 1C that takes 300 ms, of the ideal waves."""
    for limit, goal in ((8, 1.1), (16, 1.1), (64, 1.3)):
        ratio = trio.run(_ratio, 300, limit)
        yield Figure(f"cycle, {limit} calls at once: duration, of the ideal", ratio, at_most=goal)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--call-ms", type=int, default=300)
    options.add_argument("--at-once", type=int, nargs="*", default=[8, 64, 77])
    chosen = options.parse_args()
    trio.run(compare, chosen.call_ms, chosen.at_once)


if __name__ == "__main__":
    main()
