"""Start and memory of the process: the time to its first answer, and what calls in flight keep."""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.figures import Figure, Options
from tests.bench.load import load
from tests.bench.processes import Server, start
from tests.bench.servers import mcp_surface, resolve_arguments
from tests.bench.tool_call import gateway

START_SECONDS: Final = 60
IN_FLIGHT: Final = 1_000
SETTINGS: Final = """
onec: {{base_url: "http://127.0.0.1:9", auth: {{username: u, password: p}}}}
server: {{host: 127.0.0.1, port: {port}}}
mcp: {{bearer_token: 0123456789abcdef0123456789abcdef}}
oauth: {{enabled: false}}
"""


def _start_once(command: Sequence[str], port: int) -> tuple[float, float]:
    """The CPU until the first answer, in seconds, and the resident memory then, in MB."""
    environment = {name: value for name, value in os.environ.items() if "BYTECODE" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "onecgw", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    server = Server(process=process, url=f"http://127.0.0.1:{port}")
    until = time.monotonic() + START_SECONDS
    try:
        while not _is_answering(port):
            assert process.poll() is None, f"onecgw {' '.join(command)} has ended"
            assert time.monotonic() < until, f"onecgw {' '.join(command)} does not answer"
            time.sleep(0.005)
        return server.cpu_seconds(), server.resident_mb()
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _is_answering(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as sock:
            sock.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return sock.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def starts(options: Options) -> Iterator[Figure]:
    """The CPU that a start takes, of `serve` and of `demo` with its books already made."""
    with TemporaryDirectory() as name:
        port = _free_port()
        config = Path(name) / "config.yml"
        config.write_text(SETTINGS.format(port=port), encoding="utf-8")
        goals = {"serve": 0.6, "demo": 0.9}
        commands = {"serve": ("--config", str(config)), "demo": ("--port", str(port))}
        for command, goal in goals.items():
            found = [
                _start_once((command, *commands[command]), port) for _ in range(options.rounds + 1)
            ][1:]
            cpu = statistics.median(cpu for cpu, _ in found)
            yield Figure(f"start of {command} to its first answer: CPU, s", cpu, at_most=goal)
            if command == "serve":
                memory = statistics.median(memory for _, memory in found)
                yield Figure("memory of serve, idle: MB", memory, at_most=55)


def memory(_options: Options) -> Iterator[Figure]:
    """What calls in flight keep, and what is left after them."""
    surface = mcp_surface("resolve_customer", resolve_arguments)
    with start("onec", "--delay-ms", "3000") as onec, gateway(onec.url) as server:
        load(server.port, surface, in_flight=8, calls=8)
        idle, peak = server.resident_mb(), 0.0
        from threading import Thread

        calls = {"in_flight": IN_FLIGHT, "calls": 2 * IN_FLIGHT}
        running = Thread(target=load, args=(server.port, surface), kwargs=calls)
        running.start()
        while running.is_alive():
            peak = max(peak, server.resident_mb())
            time.sleep(0.02)
        each = (peak - idle) * 1024 / IN_FLIGHT
        yield Figure("memory of a call in flight: KB", each, at_most=40)
        after = server.resident_mb() / idle
        yield Figure("memory after 1 000 calls in flight, of idle", after, at_most=1.3)
