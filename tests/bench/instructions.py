"""User-mode instructions of a small call: `python -m tests.bench.instructions` (callgrind).

No other program on the machine changes them, so they are a check: the exit code is 1 if they differ
from the recorded figure by more than 2 %. After a change that is wanted, `--record` writes the new
one. The count is the difference of two numbers of calls, one call at a time, so neither the start
nor what the process does while it waits is in it. It holds for one version of Python. The echo is
counted beside it: what another processor or version of a library changes in both is left out.
`--report` counts a report of 5 000 rows instead, over MCP and REST; it is not checked.
"""

import argparse
import platform
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from tests.bench.load import Surface, json_body, load
from tests.bench.processes import Server, start
from tests.bench.servers import (
    mcp_surface,
    report_arguments,
    resolve_arguments,
    rest_surface,
)

RECORDED: Final = Path(__file__).with_name("instructions.json")
TOLERANCE: Final = 0.02
CALLS: Final = (20, 60)  # before the first dump, and between it and the second
WARM_UP: Final = 60
REPORT_CALLS: Final = (4, 12)
REPORT_ROWS: Final = 5_000
SURFACES: Final = {
    "echo": Surface(path="/", make_body=lambda number: json_body(resolve_arguments(number))),
    "mcp": mcp_surface("resolve_customer", resolve_arguments),
    "rest": rest_surface("/resolve/customer", resolve_arguments),
    "report over MCP": mcp_surface("stock_balance", report_arguments),
    "report over REST": rest_surface("/reports/stock", report_arguments),
}
REPORTS: Final = ("report over MCP", "report over REST")
SEEDED: Final = {"PYTHONHASHSEED": "0"}
RECORD: Final = "python -m tests.bench.instructions --record"


def count(what: str, *, in_flight: int = 1) -> float:
    """Millions of instructions of one call of a surface."""
    numbers, rows = (REPORT_CALLS, REPORT_ROWS) if what in REPORTS else (CALLS, 1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        onec = stack.enter_context(start("onec", "--rows", str(rows))).url
        target = ("echo",) if what == "echo" else ("gateway", onec, str(folder))
        out = folder / "callgrind.out"
        valgrind = ("valgrind", "-q", "--tool=callgrind", "--instr-atstart=no")
        server = stack.enter_context(
            start(
                "servers",
                *target,
                under=(*valgrind, f"--callgrind-out-file={out}"),
                environment=SEEDED,
            )
        )
        warm_up = numbers[0] if what in REPORTS else WARM_UP
        load(server.port, SURFACES[what], in_flight=in_flight, calls=warm_up)
        _control(server, "--instr=on")
        counts = []
        for number, calls in enumerate(numbers, start=1):
            load(server.port, SURFACES[what], in_flight=in_flight, calls=calls)
            _control(server, "--dump")
            counts.append(_read_total(out.with_name(f"{out.name}.{number}")))
    return (counts[1] - counts[0]) / (numbers[1] - numbers[0]) / 1e6


def _control(server: Server, option: str) -> None:
    command = ["callgrind_control", option, str(server.process.pid)]
    subprocess.run(command, check=True, capture_output=True)


def _read_total(dump: Path) -> int:
    for line in dump.read_text("utf-8").splitlines():
        if line.startswith(("totals:", "summary:")):
            return int(line.split()[1])
    raise AssertionError(f"{dump} has no total")


def _recorded() -> dict[str, Any]:
    return msgspec.json.decode(RECORDED.read_bytes(), type=dict[str, Any])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the new figures")
    parser.add_argument("--report", action="store_true", help="count a report of 5 000 rows")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("NO VALGRIND: the instructions of a call were not counted; install valgrind")
    this_python = f"{platform.python_implementation()} {platform.python_version()}"
    if options.report:
        for name in REPORTS:
            print(f"{name}: {count(name):.1f} million instructions")
        return
    names = ("echo", "mcp", "rest") if options.record else ("echo", "mcp")
    found = {name: round(count(name), 4) for name in names}
    if options.record:
        text = msgspec.json.format(msgspec.json.encode({"python": this_python} | found), indent=2)
        RECORDED.write_bytes(text + b"\n")
        print(f"recorded: {found}")
        return
    recorded = _recorded()
    expected = recorded["mcp"] * found["echo"] / recorded["echo"]
    change = found["mcp"] / expected - 1
    print(
        f"a small MCP call: {found['mcp']:.3f} million instructions, expected {expected:.3f}"
        f" ({change:+.2%}), {found['mcp'] / found['echo']:.2f} of the echo"
    )
    if recorded["python"] != this_python:
        print(
            f"NOT CHECKED: the figure is of {recorded['python']}, this is {this_python}: {RECORD}"
        )
    elif abs(change) > TOLERANCE:
        why = "costs more: make it cheaper" if change > 0 else "costs less: keep that"
        sys.exit(f"A call {why}, or, if that is wanted, record the new figure: {RECORD}")


if __name__ == "__main__":
    main()
