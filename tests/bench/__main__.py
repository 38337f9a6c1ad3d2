"""Measure everything, and compare it with its goals: `python -m tests.bench [--write]`.

Peers run in an environment of their own: `python3 -m venv .venv-bench` and
`.venv-bench/bin/pip install '.[bench]'`. The exit code is 1 if a goal is missed, or could not be
measured. Read the ratios: the machine's other work is in everything else.
"""

import argparse
import platform
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.bench import cycle_waves, instructions, large_database, process_life, tool_call
from tests.bench.figures import Figure, Options, render

PAGE: Final = Path("docs/explanation/performance.md")
MARKS: Final = ("<!-- measured -->\n", "<!-- end of measured -->\n")
PEERS: Final = Path(".venv-bench/bin/python")
DESCRIPTORS: Final = 8_192


def instruction_counts(_options: Options) -> Iterator[Figure]:
    """The instructions of a call beside those of the echo."""
    if shutil.which("valgrind") is None:
        yield Figure("small call, MCP: instructions, of the echo", None, at_most=0.85)
        return
    echo = instructions.count("echo")
    for name, goal in (("mcp", 0.85), ("rest", 0.85)):
        ratio = instructions.count(name) / echo
        yield Figure(f"small call, {name.upper()}: instructions, of the echo", ratio, at_most=goal)


MEASURES: Final[dict[str, Callable[[Options], Iterator[Figure]]]] = {
    "small": tool_call.small_calls,
    "instructions": instruction_counts,
    "reports": tool_call.reports,
    "slow": tool_call.slow_onec,
    "audit": tool_call.audit_modes,
    "waves": cycle_waves.waves,
    "start": process_life.starts,
    "memory": process_life.memory,
    "database": large_database.removal,
}


def measure(options: Options, names: list[str]) -> list[Figure]:
    """All figures of some measures, each printed when it is there."""
    figures = []
    for name in names:
        for figure in MEASURES[name](options):
            print(
                f"{figure.name}: {figure.shown} (goal {figure.goal})", file=sys.stderr, flush=True
            )
            figures.append(figure)
    return figures


def write(table: str) -> None:
    """Put the table into the page, between its marks."""
    before, rest = PAGE.read_text("utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    about = f"Measured on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}."
    PAGE.write_text(f"{before}{MARKS[0]}{about}\n\n{table}\n{MARKS[1]}{after}", "utf-8")


def main() -> None:
    """Measure, print the table, and exit with 1 on a miss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="of each server in each round")
    parser.add_argument("--peers", default=str(PEERS), help="the interpreter of the extra `bench`")
    parser.add_argument("--only", nargs="*", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE}")
    chosen = parser.parse_args()
    if not Path(chosen.peers).exists():
        print(f"NO PEERS: {chosen.peers} does not exist; see --help", file=sys.stderr)
        chosen.peers = None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, DESCRIPTORS), hard))
    options = Options(rounds=chosen.rounds, seconds=chosen.seconds, peers=chosen.peers)
    figures = measure(options, chosen.only)
    print(render(figures))
    if chosen.write:
        write(render(figures))
    sys.exit(not all(one.is_reached for one in figures))


if __name__ == "__main__":
    main()
