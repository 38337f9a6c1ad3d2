"""CPU of a whole tool call, its 1C call included, beside an echo and beside other stacks.

The yardstick is a bare ASGI echo on stock Hypercorn's Trio worker. Each server is a process of its
own, loaded in turn, round by round; CPU is that of its process. Read the ratios.
"""

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import attrs

from tests.bench.figures import Figure, Options
from tests.bench.load import Surface, json_body, load, load_http2
from tests.bench.peers import TOKEN
from tests.bench.processes import Server, start
from tests.bench.servers import (
    OAUTH_TOKEN,
    mcp_surface,
    report_arguments,
    resolve_arguments,
    rest_surface,
    session_surface,
)

RESOLVE: Final = "resolve_customer"
PEERS: Final = ("fastmcp", "sdk", "fastapi", "starlette")
NAMES: Final = {
    "fastmcp": "fastmcp",
    "sdk": "mcp SDK",
    "fastapi": "FastAPI + httpx2 + uvloop",
    "starlette": "Starlette + granian + orjson",
}


@attrs.frozen(kw_only=True)
class Contender:
    """A server and how it is called."""

    server: Server
    surface: Surface


@contextmanager
def gateway(onec_url: str, *options: str) -> Iterator[Server]:
    """The gateway in front of a 1C, with a database of its own."""
    with (
        TemporaryDirectory() as folder,
        start("servers", "gateway", onec_url, str(Path(folder)), *options) as server,
    ):
        yield server


def cpu_ms(contenders: dict[str, Contender], options: Options, **how: Any) -> dict[str, float]:
    """Medians of the CPU of a call, in milliseconds, of interleaved rounds."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(options.rounds + 1):
        for name, one in contenders.items():
            before = one.server.cpu_seconds()
            done = load(one.server.port, one.surface, **{"seconds": options.seconds, **how})
            if number:  # the first round warms up
                cpu = one.server.cpu_seconds() - before
                found[name].append(cpu * 1000 / done.calls)
    return {name: statistics.median(values) for name, values in found.items()}


def _peers(
    stack: ExitStack, onec_url: str, options: Options, *, is_report: bool
) -> dict[str, Contender]:
    tool, path = (
        ("stock_balance", "/reports/stock") if is_report else (RESOLVE, "/resolve/customer")
    )
    make: Callable[[int], dict[str, Any]] = (
        (lambda _number: {"group_by": ["product"]}) if is_report else resolve_arguments
    )
    surfaces = {
        "fastmcp": mcp_surface(tool, make, token=TOKEN),
        "sdk": mcp_surface(tool, make, token=TOKEN),
        "fastapi": rest_surface(path, make, token=TOKEN),
        "starlette": rest_surface(path, make, token=TOKEN),
    }
    if options.peers is None:
        return {}
    return {
        name: Contender(
            server=stack.enter_context(start("peers", name, onec_url, python=options.peers)),
            surface=surfaces[name],
        )
        for name in PEERS
    }


def small_calls(options: Options) -> Iterator[Figure]:
    """A small call at 32 and 256 in flight."""
    with ExitStack() as stack:
        onec = stack.enter_context(start("onec")).url
        static = stack.enter_context(gateway(onec))
        oauth = stack.enter_context(gateway(onec, "--oauth"))
        contenders = {
            "echo": Contender(
                server=stack.enter_context(start("servers", "echo")),
                surface=Surface(path="/", make_body=lambda n: json_body(resolve_arguments(n))),
            ),
            "MCP": Contender(server=static, surface=mcp_surface(RESOLVE, resolve_arguments)),
            "MCP, OAuth": Contender(
                server=oauth, surface=mcp_surface(RESOLVE, resolve_arguments, token=OAUTH_TOKEN)
            ),
            "MCP, session": Contender(server=static, surface=session_surface(static.port)),
            "REST": Contender(
                server=static, surface=rest_surface("/resolve/customer", resolve_arguments)
            ),
        }
        peers = _peers(stack, onec, options, is_report=False)
        at_32 = cpu_ms(contenders | peers, options, in_flight=32)
        for name, goal in (("MCP", 1), ("MCP, OAuth", 1), ("MCP, session", 1), ("REST", 0.75)):
            ratio = at_32[name] / at_32["echo"]
            yield Figure(f"small call, {name}: CPU, of the echo", ratio, at_most=goal)
        ours = {name: contenders[name] for name in ("MCP", "REST")}
        at_256 = cpu_ms(ours | peers, options, in_flight=256)
        goals = {"fastmcp": (5, 8), "sdk": (4, 6), "fastapi": (2.8, 4), "starlette": (2, 4)}
        for peer, (goal_32, goal_256) in goals.items():
            mine = "MCP" if peer in ("fastmcp", "sdk") else "REST"
            for in_flight, found, goal in ((32, at_32, goal_32), (256, at_256, goal_256)):
                name = f"small call, CPU of {NAMES[peer]}, of ours ({mine}), {in_flight} in flight"
                share = found[peer] / found[mine] if peer in found else None
                yield Figure(name, share, at_least=goal)
        yield from _http2(static, options)


def _http2(server: Server, options: Options) -> Iterator[Figure]:
    surface, waves = rest_surface("/resolve/customer", resolve_arguments), 8
    http1, http2 = [], []
    for _ in range(options.rounds):
        before = server.cpu_seconds()
        done = load(server.port, surface, in_flight=100, calls=100 * waves).calls
        between = server.cpu_seconds()
        calls = load_http2(server.port, surface, streams=100, waves=waves)
        http1.append((between - before) / done)
        http2.append((server.cpu_seconds() - between) / calls)
    ratio = statistics.median(http2) / statistics.median(http1)
    yield Figure("HTTP/2, 100 streams on a connection: CPU, of HTTP/1.1", ratio, at_most=1.3)


def reports(options: Options) -> Iterator[Figure]:
    """Reports of 5 000 rows, and what they cost the callers beside them."""
    with ExitStack() as stack:
        onec = stack.enter_context(start("onec", "--rows", "5000")).url
        server = stack.enter_context(gateway(onec))
        mcp = mcp_surface("stock_balance", report_arguments)
        rest = rest_surface("/reports/stock", report_arguments)
        contenders = {
            "MCP": Contender(server=server, surface=mcp),
            "REST": Contender(server=server, surface=rest),
        } | _peers(stack, onec, options, is_report=True)
        found = cpu_ms(contenders, options, in_flight=4)
        yield Figure("5 000 rows, MCP: CPU, ms", found["MCP"], at_most=12)
        yield Figure("5 000 rows, REST: CPU, ms", found["REST"], at_most=12)
        for peer, goal in {"fastmcp": 20, "sdk": 20, "fastapi": 20, "starlette": 1.3}.items():
            mine = found["MCP" if peer in ("fastmcp", "sdk") else "REST"]
            share = found[peer] / mine if peer in found else None
            yield Figure(f"5 000 rows, CPU of {NAMES[peer]}, of ours", share, at_least=goal)
        yield _beside_a_report(server, rest, options)


def _beside_a_report(server: Server, report: Surface, options: Options) -> Figure:
    from concurrent.futures import ThreadPoolExecutor

    small = rest_surface("/resolve/customer", resolve_arguments)
    ratios = []
    for _ in range(options.rounds):
        quiet = load(server.port, small, in_flight=4, seconds=options.seconds).percentile(0.99)
        with ThreadPoolExecutor() as pool:
            other = pool.submit(load, server.port, report, in_flight=1, seconds=options.seconds)
            beside = load(server.port, small, in_flight=4, seconds=options.seconds)
            other.result()
        ratios.append(beside.percentile(0.99) / quiet)
    name = "small callers' p99 beside one caller of 5 000 rows, of quiet"
    return Figure(name, statistics.median(ratios), at_most=1.5)


def slow_onec(options: Options) -> Iterator[Figure]:
    """Many calls in flight in front of a 1C that takes 200 ms."""
    delay = 0.2
    with start("onec", "--delay-ms", "200") as onec, gateway(onec.url) as server:
        surface = mcp_surface(RESOLVE, resolve_arguments)
        load(server.port, surface, in_flight=256, calls=1000)
        rates = [
            load(server.port, surface, in_flight=256, seconds=options.seconds * 2).rate
            for _ in range(options.rounds)
        ]
        ideal = 256 / delay
        name = "200 ms backend, 256 in flight: rate, of the ideal"
        yield Figure(name, statistics.median(rates) / ideal, at_least=0.6)
        idle = server.resident_mb()
        costs: dict[int, list[float]] = {32: [], 1000: []}
        peak = idle
        for _ in range(options.rounds):
            for in_flight, found in costs.items():
                before = server.cpu_seconds()
                done = load(server.port, surface, in_flight=in_flight, calls=4 * in_flight + 600)
                found.append((server.cpu_seconds() - before) / done.calls)
                peak = max(peak, server.resident_mb())
        ratio = statistics.median(costs[1000]) / statistics.median(costs[32])
        yield Figure("1 000 in flight: CPU per call, of 32 in flight", ratio, at_most=1.2)


def audit_modes(options: Options) -> Iterator[Figure]:
    """What `audit.on_failure: deny` costs beside `allow`, and the text log line beside JSON."""
    with ExitStack() as stack:
        onec = stack.enter_context(start("onec")).url
        surface = mcp_surface(RESOLVE, resolve_arguments)
        servers = {
            "deny": stack.enter_context(gateway(onec)),
            "allow": stack.enter_context(gateway(onec, "--on-failure", "allow")),
            "text": stack.enter_context(gateway(onec, "--log-format", "text")),
        }
        rates: dict[str, list[float]] = {name: [] for name in servers}
        contenders = {name: Contender(server=one, surface=surface) for name, one in servers.items()}
        cpu = cpu_ms(contenders, options, in_flight=32)
        for _ in range(options.rounds):
            for name in ("deny", "allow"):
                done = load(servers[name].port, surface, in_flight=32, seconds=options.seconds)
                rates[name].append(done.rate)
        rate = statistics.median(rates["deny"]) / statistics.median(rates["allow"])
        yield Figure("audit.on_failure deny: calls per second, of allow", rate, at_least=0.95)
        yield Figure("log.format text: CPU, of json", cpu["text"] / cpu["deny"], at_most=1.03)
