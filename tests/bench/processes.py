"""Servers under measurement, as processes of their own."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
STOP_SECONDS: Final = 10


@attrs.frozen(kw_only=True)
class Server:
    """A running server. url: as it printed it."""

    process: "subprocess.Popen[str]"
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def cpu_seconds(self) -> float:
        """User and system time so far, of the processes that it started, too."""
        return sum(_cpu_seconds(pid) for pid in _family(self.process.pid))

    def resident_mb(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1])
        return pages * resource.getpagesize() / 2**20


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *(one for child in children for one in _family(int(child)))]


@contextmanager
def start(
    module: str,
    *arguments: str,
    python: str = sys.executable,
    under: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start a module that prints its URL, and stop it at the end.

    Args:
        module: a module of this package.
        *arguments: of its command line.
        python: the interpreter.
        under: a program with its options that runs the interpreter, such as valgrind.
        environment: additional variables.

    Raises:
        RuntimeError: it ended before it printed a URL.
    """
    process = subprocess.Popen(
        [*under, python, "-m", f"tests.bench.{module}", *arguments],
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("BENCH_LOG") else subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"{module} {' '.join(arguments)} did not start; see BENCH_LOG=1")
        yield Server(process=process, url=url)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
