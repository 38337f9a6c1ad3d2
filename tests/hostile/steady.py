"""Many calls in flight for long: right answers, right errors, fair turns, and nothing that grows.

Each call asks for a warehouse of its own number, which the 1C answers with: an answer that
belongs to another call is seen. `--faults` makes a share of 1C's answers fail in several ways.
"""

import argparse
import json
import logging
import random
import resource
import sys
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs
import trio

from onecgw.app.lifespan import open_application
from onecgw.app.serve_demo import DEMO_API_TOKEN, demo_settings
from onecgw.serving import serve_app
from onecgw.settings import LimitsSettings
from onecgw.web.app import build_app

ONEC_SECONDS: Final = 0.2
MAX_CONCURRENCY: Final = 256
QUEUE: Final = 1_000
SAMPLES: Final = 20
FEW_TURNS: Final = 10  # of which half or twice says nothing
FAULTS: Final = ("close", "cut", "500", "503", "text", "wrong_filter")
FAILURES_OF_ONEC: Final = frozenset({502, 503, 504})
_HEAD: Final = (
    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)


@attrs.define
class Onec:
    """A 1C that takes ONEC_SECONDS and answers with the id that it was asked for.

    faults: the share of answers that fail. seed: of their choice.
    """

    faults: float
    source: random.Random
    answered: int = 0

    async def serve(self, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve; started with the URL."""
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=1024)
        task_status.started(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}")
        await trio.serve_listeners(self._respond, listeners)

    async def _respond(self, stream: trio.SocketStream) -> None:
        data = b""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            async with stream:
                while received := await stream.receive_some():
                    data += received
                    head, end, body = data.partition(b"\r\n\r\n")
                    length = _content_length(head)
                    if not end or len(body) < length:
                        continue
                    data = body[length:]
                    await trio.sleep(ONEC_SECONDS)
                    if not await self._answer(stream, body[:length]):
                        return

    async def _answer(self, stream: trio.SocketStream, body: bytes) -> bool:
        """Answer; return whether the connection goes on."""
        self.answered += 1
        fault = self.source.choice(FAULTS) if self.source.random() < self.faults else ""
        if not body:
            await stream.send_all(_response(200, '{"status":"ok"}'))
            return True
        asked = json.loads(body)["filters"]["warehouse_ids"][0]
        good = _table(asked)
        match fault:
            case "close":
                return False
            case "cut":
                await stream.send_all(_response(200, good)[:-20])
                return False
            case "500" | "503":
                await stream.send_all(_response(int(fault), '{"reason": "inside"}'))
            case "text":
                await stream.send_all(_response(200, "not JSON"))
            case "wrong_filter":
                await stream.send_all(_response(200, _table("of-another")))
            case _:
                await stream.send_all(_response(200, good))
        return True


@attrs.define
class Calls:
    """The calls of all callers: how they ended, and what was wrong.

    callers: how many there are. served: those that have got an answer.
    counts_since: when all of them had; None before.
    expected: the statuses that a call may end with. ends: status → count.
    turns: caller → count of calls that ended after counts_since.
    reopened: connections that ended before the calls did, by the error.
    """

    callers: int
    expected: frozenset[int]
    ends: Counter[int] = attrs.field(factory=Counter)
    turns: Counter[int] = attrs.field(factory=Counter)
    served: set[int] = attrs.field(factory=set)
    counts_since: float | None = None
    reopened: Counter[str] = attrs.field(factory=Counter)
    wrong: list[str] = attrs.field(factory=list)

    async def run(self, port: int, caller: int, until: float) -> None:
        """Call on one connection after another until an instant."""
        numbers = (f"c{caller}-{number}" for number in count())
        while trio.current_time() < until:
            try:
                async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                    while trio.current_time() < until:
                        await self._one(stream, caller, next(numbers))
            except (OSError, trio.BrokenResourceError, EOFError) as error:
                self.reopened[type(error).__name__] += 1

    async def _one(self, stream: trio.SocketStream, caller: int, number: str) -> None:
        body = json.dumps(
            {"group_by": ["warehouse"], "filters": {"warehouse_ids": [number]}}
        ).encode()
        head = (
            f"POST /reports/stock HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {DEMO_API_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        await stream.send_all(head.encode() + body)
        status, answer = await _read(stream)
        self.ends[status] += 1
        self.served.add(caller)
        if self.counts_since is not None:
            self.turns[caller] += 1
        elif len(self.served) == self.callers:
            self.counts_since = trio.current_time()
        if status == 200:
            cells = [row[0]["id"] for row in json.loads(answer)["rows"]]
            if cells != [number]:
                self.wrong.append(f"{number} got {cells}")
        elif status not in self.expected:
            self.wrong.append(f"{number} got {status}: {answer[:200]!r}")


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _table(asked: str) -> str:
    row = [{"id": asked, "label": asked}, 1]
    columns = [{"name": "warehouse", "type": "ref"}, {"name": "qty", "type": "number"}]
    return json.dumps(
        {
            "columns": columns,
            "rows": [row],
            "totals": {"qty": 1},
            "applied_filters": {"warehouse_ids": [asked]},
        }
    )


def _response(status: int, body: str) -> bytes:
    return _HEAD.format(status=status, size=len(body)).encode() + body.encode()


async def _read(stream: trio.SocketStream) -> tuple[int, bytes]:
    data = b""
    while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < _content_length(data):
        received = await stream.receive_some()
        if not received:
            raise EOFError
        data += received
    return int(data[9:12]), data.partition(b"\r\n\r\n")[2]


@attrs.frozen(kw_only=True)
class Sample:
    """What the process held at an instant. at: in seconds. rss_mb: resident memory."""

    at: float
    rss_mb: float
    descriptors: int
    tasks: int


def take_sample() -> Sample:
    """Return what this process holds now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return Sample(
        at=trio.current_time(),
        rss_mb=pages * resource.getpagesize() / 2**20,
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
        tasks=trio.lowlevel.current_statistics().tasks_living,
    )


def slope_per_minute(samples: list[Sample], name: str) -> float:
    """Return the slope of the line of least squares through the later two thirds of the samples."""
    later = samples[len(samples) // 3 :]
    times = [one.at for one in later]
    values = [float(getattr(one, name)) for one in later]
    mean_time, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    pairs = zip(times, values, strict=True)
    return 60 * sum((time - mean_time) * (value - mean) for time, value in pairs) / (spread or 1)


async def run(*, seconds: float, callers: int, faults: float, seed: int, folder: Path) -> bool:
    """Run the calls against a gateway in this process; print and return whether it is well."""
    onec, samples = Onec(faults, random.Random(seed)), []
    expected = {200} | (FAILURES_OF_ONEC if faults else set())
    calls, began = Calls(callers, frozenset(expected)), trio.current_time()
    async with trio.open_nursery() as nursery:
        url = await nursery.start(onec.serve)
        settings = demo_settings(base_url=url, port=0, password="steady-password")
        settings = attrs.evolve(
            settings,
            limits=LimitsSettings(calls_per_minute=0),
            server=attrs.evolve(settings.server, trusted_proxies=("127.0.0.1",)),
            onec=attrs.evolve(
                settings.onec,
                max_concurrency=MAX_CONCURRENCY,
                max_queue=QUEUE,
                breaker_failures=0,
                session_mode="off",
            ),
            database=attrs.evolve(settings.database, path=folder / "onecgw.db"),
        )
        async with open_application(settings) as application:
            app = build_app(settings, application.gateway, application.engine)
            started = trio.Event()
            urls: list[str] = []

            def announce(address: str) -> None:
                urls.append(address)
                started.set()

            nursery.start_soon(
                partial(
                    serve_app,
                    app,
                    host="127.0.0.1",
                    port=0,
                    grace_seconds=1,
                    max_connections=2 * callers,
                    trusted_proxies=settings.server.trusted_proxies,
                    announce=announce,
                )
            )
            await started.wait()
            port = int(urls[0].rpartition(":")[2])
            until = trio.current_time() + seconds
            async with trio.open_nursery() as callers_nursery:
                for caller in range(callers):
                    callers_nursery.start_soon(calls.run, port, caller, until)
                for _ in range(SAMPLES):
                    await trio.sleep(seconds / (SAMPLES + 1))
                    if trio.current_time() < until:  # a busy machine wakes late
                        samples.append(take_sample())
            nursery.cancel_scope.cancel()
    if calls.counts_since is None:
        print(f"only {len(calls.served)} callers got an answer")
        return False
    print(f"every caller had an answer after {calls.counts_since - began:.1f} s")
    return _report(calls, samples, seconds=seconds, callers=callers)


def _report(calls: Calls, samples: list[Sample], *, seconds: float, callers: int) -> bool:
    ended = sum(calls.ends.values())
    turns = sorted(calls.turns[caller] for caller in range(callers))
    print(
        f"{ended} calls in {seconds:.0f} s, {callers} in flight: {dict(sorted(calls.ends.items()))}"
    )
    print(f"turns per caller: {turns[0]} least, {turns[len(turns) // 2]} median, {turns[-1]} most")
    print(f"connections that ended early: {dict(calls.reopened)}")
    for name in ("rss_mb", "descriptors", "tasks"):
        last, slope = getattr(samples[-1], name), slope_per_minute(samples, name)
        print(f"{name}: {last:.0f}, {slope:+.2f} per minute")
    print(f"wrong answers and statuses: {len(calls.wrong)}")
    for wrong in calls.wrong[:5]:
        print(f"  {wrong}")
    median = turns[len(turns) // 2]
    is_fair = median < FEW_TURNS or (2 * turns[0] >= median and turns[-1] <= 2 * median)
    if not is_fair:
        print("turns are not fair: a caller got less than half or more than twice the median")
    return not calls.wrong and is_fair


def main() -> None:
    """Run with the options of the command line; exit with 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--callers", type=int, default=500)
    parser.add_argument("--faults", type=float, default=0, help="share of 1C's answers that fail")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
    logging.disable(logging.WARNING)  # the audit logs every call, and a fault its warning
    with TemporaryDirectory() as folder:
        run_it = partial(run, **vars(options), folder=Path(folder))
        sys.exit(not trio.run(run_it))


if __name__ == "__main__":
    main()
