"""Attack a gateway and measure what its other callers notice: `python -m tests.hostile`.

Each flood and slow shape is a process beside the gateway's, while this one makes calls: on one
connection, and on new ones. The table shows the p99 of both as ratios to quiet, and after how many
seconds the calls were quiet again. Then mutated requests are sent, and answers of 500 are counted.
The figures depend on the machine: read the ratios.
"""

import argparse
import math
import os
import resource
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs
import trio

from tests.builders.certificate import make_certificate
from tests.hostile import gateway, mutations, shapes

CALL_SECONDS: Final = 5  # a call that takes longer counts as not served
PAUSE_SECONDS: Final = 0.01
QUIET_RATIO: Final = 5


@attrs.frozen(kw_only=True)
class Call:
    """A call: when it began and how long it took, in seconds."""

    at: float
    seconds: float
    is_on_new_connection: bool


@contextmanager
def process(module: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a module of this package."""
    command = [sys.executable, "-m", f"tests.hostile.{module}", *arguments]
    out, log = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=out, stderr=log, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def read_port(server: "subprocess.Popen[str]") -> int:
    """Return the port of the URL that a process prints."""
    assert server.stdout is not None
    return int(server.stdout.readline().rpartition(":")[2])


@attrs.define
class Caller:
    """A known caller that makes calls on the same connection, and others on new connections."""

    port: int
    tls: ssl.SSLContext | None
    calls: list[Call] = attrs.field(factory=list)
    _kept: trio.abc.Stream | None = None
    _one_ended: trio.Event = attrs.field(factory=trio.Event)

    async def wait_call_begun_after(self, at: float) -> None:
        """Return when a call that began later has ended."""
        while not self.calls or self.calls[-1].at < at:
            await self._one_ended.wait()

    async def run(self) -> None:
        """Call for ever."""
        async with trio.open_nursery() as nursery:
            for is_new in (False, True):
                nursery.start_soon(self._repeat, is_new)

    async def _repeat(self, is_new: bool) -> None:
        while True:
            await self._call(is_new=is_new)

    async def _call(self, *, is_new: bool) -> None:
        at = trio.current_time()
        seconds = float(CALL_SECONDS)
        with trio.move_on_after(CALL_SECONDS) as scope:
            try:
                await self._answered(is_new=is_new)
                seconds = trio.current_time() - at
            except (OSError, trio.BrokenResourceError, EOFError):
                self._kept = None if not is_new else self._kept
        if scope.cancelled_caught and not is_new:
            self._kept = None
        self.calls.append(Call(at=at, seconds=seconds, is_on_new_connection=is_new))
        self._one_ended.set()
        self._one_ended = trio.Event()
        await trio.sleep(PAUSE_SECONDS)

    async def _answered(self, *, is_new: bool) -> None:
        if is_new or self._kept is None:
            sock = await trio.open_tcp_stream("127.0.0.1", self.port)
            stream = shapes.with_tls(sock, self.tls)
            if not is_new:
                self._kept = stream
        else:
            stream = self._kept
        await stream.send_all(gateway.CALL)
        data = b""
        while b'"totals"' not in data:
            received = await stream.receive_some()
            if not received:
                raise EOFError
            data += received
        assert data.startswith(b"HTTP/1.1 200"), data
        if is_new:
            await stream.aclose()


def p99s(calls: list[Call], *, since: float, until: float) -> tuple[float, float]:
    """Return the 99th percentiles of a period: of the kept connection, and of new ones."""

    def p99(is_new: bool) -> float:
        seconds = sorted(
            call.seconds
            for call in calls
            if call.is_on_new_connection is is_new and since <= call.at < until
        )
        return seconds[math.ceil(len(seconds) * 0.99) - 1] if seconds else float(CALL_SECONDS)

    return p99(is_new=False), p99(is_new=True)


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def descriptors(pid: int) -> int:
    """Return the number of open descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def used_cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@attrs.frozen(kw_only=True)
class Gateway:
    """The process that the callers call.

    attacked_port: its own, or that of another process.
    certificate: that it serves TLS with, if it does.
    """

    process: "subprocess.Popen[str]"
    port: int
    attacked_port: int
    certificate: Path | None


async def measure(server: Gateway, name: str, seconds: float) -> bool:
    """Measure one attack and print a line; return whether it stays within the bars."""
    pid, certificate = server.process.pid, server.certificate
    caller = Caller(server.port, shapes.client_context(certificate))
    arguments = [
        name,
        str(server.attacked_port),
        *([] if certificate is None else [str(certificate)]),
    ]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(caller.run)
        await trio.sleep(0.3)
        began = trio.current_time()
        await trio.sleep(seconds)
        quiet_until = trio.current_time()
        with process("shapes", *arguments) as flood:
            assert flood.stdout is not None
            await trio.to_thread.run_sync(flood.stdout.readline)
            attacked, cpu_before = trio.current_time(), used_cpu_seconds(pid)
            await trio.sleep(seconds)
            ended, cpu_after = trio.current_time(), used_cpu_seconds(pid)
        await trio.sleep(2)
        with trio.move_on_after(30):
            await caller.wait_call_begun_after(ended)
        nursery.cancel_scope.cancel()
    quiet = p99s(caller.calls, since=began, until=quiet_until)
    loud = p99s(caller.calls, since=attacked, until=ended)
    slow = [
        call.at + call.seconds - ended
        for call in caller.calls
        if call.at + call.seconds >= ended
        and call.seconds > QUIET_RATIO * quiet[call.is_on_new_connection]
    ]
    ratios = [attacked / before for before, attacked in zip(quiet, loud, strict=True)]
    failed = sum(call.seconds >= CALL_SECONDS for call in caller.calls)
    is_fair = not failed and max(ratios) < QUIET_RATIO and max(slow, default=0) < 1
    figures = [f"{seconds * 1000:7.1f}" for seconds in (*quiet, *loud)]
    print(
        f"{name:40}{''.join(figures)} {ratios[0]:6.1f} {ratios[1]:6.1f} {max(slow, default=0):5.1f}"
        f" {failed:5} {resident_mb(pid):6.0f} {descriptors(pid):4}"
        f" {100 * (cpu_after - cpu_before) / (ended - attacked):5.0f} {os.getloadavg()[0]:5.1f}"
        f" {'' if is_fair else 'OVER'}",
        flush=True,
    )
    return is_fair


async def attack(options: argparse.Namespace, server: Gateway) -> bool:
    """Run every attack that is asked for."""
    print(
        f"{'p99 in ms, on a kept and a new connection':40}  quiet        attacked       ratio"
        "        quiet after, failed, MB, descriptors, CPU of the gateway in %, load"
    )
    runs = shapes.RUNS if server.certificate is None else shapes.TLS_RUNS
    names = [name for name in runs if options.only in name and not options.no_floods]
    is_fair = [await measure(server, name, options.seconds) for name in names]
    tls = shapes.client_context(server.certificate)
    failures = await mutations.send(server.port, inputs=options.inputs, seed=options.seed, tls=tls)
    print(f"{options.inputs} mutated inputs, seed {options.seed}: {len(failures)} answers of 500")
    for failure in failures[:5]:
        print(f"  {failure!r}")
    is_up = server.process.poll() is None
    print("the gateway runs" if is_up else f"the gateway has ended: {server.process.returncode}")
    return all(is_fair) and not failures and is_up


def main() -> None:
    """Run the attacks; exit with 1 if one is over its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="mutated inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4, help="of each attack, and of quiet")
    parser.add_argument("--only", default="", help="only the attacks whose name contains this")
    parser.add_argument("--no-floods", action="store_true", help="only the mutated inputs")
    parser.add_argument(
        "--control", action="store_true", help="attack another process: what the machine costs"
    )
    parser.add_argument("--tls", action="store_true", help="the gateway serves TLS")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    with TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder), shapes.TLS_NAME) if options.tls else None
        arguments = [folder, *([] if certificate is None else [str(certificate)])]
        with process("gateway", *arguments) as server, process("sink") as sink:
            port = read_port(server)
            gateway_process = Gateway(
                process=server,
                port=port,
                attacked_port=read_port(sink) if options.control else port,
                certificate=certificate,
            )
            is_fair = trio.run(partial(attack, options, gateway_process))
    sys.exit(not is_fair)


if __name__ == "__main__":
    main()
