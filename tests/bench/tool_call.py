"""CPU of a whole tool call, its 1C call included: `python -m tests.bench.tool_call`.

The yardstick is a bare ASGI echo on stock Hypercorn's Trio worker. Each server is a process of its
own, loaded in turn by wrk, which must be installed; CPU is that of the server's process alone. The
figures compare servers on one machine at one time; read the ratios.
"""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import hypercorn.trio
import trio
from hypercorn.config import Config

from onecgw.app.serve import serve_gateway
from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN, demo_settings
from onecgw.serving import serve_app
from onecgw.settings import LimitsSettings
from onecgw.web.asgi import Receive, Response, Scope, Send, read_body, send_response

ROW = b'[{"id":"5e1d6c1a-5d0f-4f57-9f0a-0b6f8d2c1a11","label":"\xd0\x9e\xd0\xbf\xd1\x82"},1234.50]'
COLUMNS = b'"columns":[{"name":"warehouse","type":"ref"},{"name":"qty","type":"number"}]'
ARGUMENTS = b'{"group_by":["warehouse"]}'
MESSAGE = (
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call",'
    b'"params":{"name":"stock_balance","arguments":%b}}' % ARGUMENTS
)
SURFACES = {
    "echo": ("/", "", MESSAGE),
    "trimmed": ("/", "", MESSAGE),
    "mcp": ("/mcp", DEMO_MCP_TOKEN, MESSAGE),
    "rest": ("/reports/stock", DEMO_API_TOKEN, ARGUMENTS),
}
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def report(rows: int) -> bytes:
    """An answer of 1C as it stands on the wire."""
    body = b'{%b,"rows":[%b],"totals":{"qty":1234.50}}' % (COLUMNS, b",".join([ROW] * rows))
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


async def serve_onec(rows: int) -> None:
    """A 1C that answers at once, whatever is asked."""
    response = report(rows)

    async def answer(stream: trio.SocketStream) -> None:
        # A caller that leaves ends its call here.
        with suppress(trio.BrokenResourceError):
            while data := await stream.receive_some():
                for _ in range(data.count(b"\r\n\r\n")):
                    await stream.send_all(response)

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}", flush=True)
    await trio.serve_listeners(answer, listeners)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """The least that an ASGI application can do with a request."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
    body = await read_body(receive, max_bytes=10**6)
    await send_response(send, Response(status=200, body=body))


async def serve_stock(announce: Callable[[str], None]) -> None:
    """The echo on Hypercorn as it comes."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    announce(f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = config.errorlog = None
    served: Any = echo
    await hypercorn.trio.serve(served, config, mode="asgi")


async def serve(what: str, onec_url: str) -> None:
    """One of the servers under load; prints its URL."""
    announce: Any = partial(print, flush=True)
    if what == "echo":
        await serve_stock(announce)
    if what == "trimmed":
        await serve_app(echo, host="127.0.0.1", port=0, grace_seconds=1, announce=announce)
    settings = demo_settings(base_url=onec_url, port=0, password="bench-password")
    limits = LimitsSettings(calls_per_minute=0, default_rows=5000, max_result_bytes=10_000_000)
    await serve_gateway(attrs.evolve(settings, limits=limits), announce=announce)


def spawn(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    """A server process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.tool_call", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def cpu_seconds(process: "subprocess.Popen[str]") -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def load(surface: str, url: str, *, in_flight: int, seconds: int) -> tuple[int, float]:
    """Calls answered well, and calls per second."""
    path, token, body = SURFACES[surface]
    with TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = {json.dumps(body.decode())}\n"
            f"wrk.headers['Content-Type'] = 'application/json'\n"
            f"wrk.headers['Authorization'] = 'Bearer {token}'\n",
            encoding="utf-8",
        )
        command = ["wrk", "-t1", f"-c{in_flight}", f"-d{seconds}s", "-s", str(script), url + path]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in output, output
    done = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert done, output
    assert rate, output
    return int(done[1]), float(rate[1])


def main() -> None:
    """Load the servers in turn, round by round, and print medians and their ratios to the echo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("serve", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--rows", type=int, default=1, help="of the answer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    match options.serve:
        case ["onec"]:
            trio.run(serve_onec, options.rows)
            return
        case [what, onec_url]:
            trio.run(serve, what, onec_url)
            return
    onec, onec_url = spawn("onec", "--rows", str(options.rows))
    servers = {surface: spawn(surface, onec_url) for surface in SURFACES}
    cpu_ms: dict[str, list[float]] = {surface: [] for surface in SURFACES}
    rates: dict[str, list[float]] = {surface: [] for surface in SURFACES}
    try:
        for _ in range(options.rounds):
            for surface, (process, url) in servers.items():
                before = cpu_seconds(process)
                calls, rate = load(
                    surface, url, in_flight=options.in_flight, seconds=options.seconds
                )
                cpu_ms[surface].append((cpu_seconds(process) - before) * 1000 / calls)
                rates[surface].append(rate)
    finally:
        for process, _ in [*servers.values(), (onec, "")]:
            process.terminate()
            process.wait()
    yardstick = statistics.median(cpu_ms["echo"])
    for surface in SURFACES:
        cpu = statistics.median(cpu_ms[surface])
        print(
            f"{surface:5} {cpu:7.3f} ms of CPU per call, {cpu / yardstick:5.2f} of the echo, "
            f"{statistics.median(rates[surface]):7.0f} calls/s"
        )


if __name__ == "__main__":
    main()
