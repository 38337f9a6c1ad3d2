"""CPU per call of the 1C client, one process, a small answer: `python -m tests.bench.onec_client`.

The figures compare transports on one machine at one time; read the ratios.
"""

import argparse
import statistics
import subprocess
import sys
import time

import attrs
import httpx
import trio

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.base import BackendCall
from onecgw.backends.http.httpx_transport import HttpxTransport
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.backends.scheduling.deadline import deadline
from onecgw.settings import OnecSettings

_ANSWER = b'{"candidates":[{"id":"1","label":"one"}]}'
_RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_ANSWER)
) + _ANSWER


async def serve() -> None:
    """A 1C that answers at once; its CPU is another process's."""

    async def answer(stream: trio.SocketStream) -> None:
        while data := await stream.receive_some():
            for _ in range(data.count(b"\r\n\r\n")):
                await stream.send_all(_RESPONSE)

    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(
            lambda task_status: trio.serve_tcp(  # noqa: ASYNC105 - nursery.start awaits it
                answer, 0, host="127.0.0.1", task_status=task_status
            )
        )
        print(listener.socket.getsockname()[1], flush=True)


async def cpu_ms_per_call(client: HttpServiceBackend, *, in_flight: int, calls: int) -> float:
    """CPU of this process per call, in milliseconds."""
    caller = Caller(sub="bench", scopes=frozenset(ALL_SCOPES))
    context = CallContext(caller=caller, request_id="r-1", surface="mcp")
    call = BackendCall(context=context, operation="resolve/customer", body=b'{"query":"x"}')

    async def ask() -> None:
        for _ in range(calls // in_flight):
            with deadline(8_000):
                await client.fetch(call)

    started = time.process_time()
    async with trio.open_nursery() as nursery:
        for _ in range(in_flight):
            nursery.start_soon(ask)
    return (time.process_time() - started) * 1000 / (calls // in_flight * in_flight)


async def compare(base_url: str, *, calls: int, rounds: int) -> None:
    """Interleaved rounds of both transports."""
    for in_flight in (1, 32):
        settings = attrs.evolve(OnecSettings(base_url=base_url), max_concurrency=in_flight)
        limits = httpx.Limits(max_connections=in_flight)
        kept = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        transports = {
            "own connections": None,
            "httpx, connections kept": HttpxTransport(settings, kept),
            "httpx, a connection per call": HttpxTransport(settings),
        }
        clients = {
            name: HttpServiceBackend(settings, max_response_bytes=1_000_000, transport=transport)
            for name, transport in transports.items()
        }
        seen: dict[str, list[float]] = {name: [] for name in clients}
        for _ in range(rounds):
            for name, client in clients.items():
                seen[name].append(await cpu_ms_per_call(client, in_flight=in_flight, calls=calls))
        for name, figures in seen.items():
            print(f"{in_flight:3} in flight, {name}: {statistics.median(figures):.3f} ms")
            await clients[name].aclose()


def main() -> None:
    """Serve in a child, measure here."""
    options = argparse.ArgumentParser()
    options.add_argument("--serve", action="store_true")
    options.add_argument("--calls", type=int, default=2_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    if chosen.serve:
        trio.run(serve)
        return
    command = [sys.executable, "-m", "tests.bench.onec_client", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        trio.run(
            lambda: compare(f"http://127.0.0.1:{port}/hs", calls=chosen.calls, rounds=chosen.rounds)
        )
        server.terminate()


if __name__ == "__main__":
    main()
