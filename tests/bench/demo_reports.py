"""How long every report of the demo 1C takes: `python -m tests.bench.demo_reports`.

Prints, for the heaviest questions of each report over the whole two years at the default size, the
median and the least of some runs, as a client sees them (JSON included, the network not), and the
median CPU time, which says more where others work on the same machine. It counts what is over
300 ms by both. Known to be over at the default size: sales by all twelve dimensions at once, by
product and cohort, by product and day; about the limit: product by customer, week, month.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import trio

from onecgw.caller import ALL_SCOPES
from onecgw.demo.books import Books, open_books
from onecgw.demo.reports import TABULAR, Report
from onecgw.demo.service import build_demo_app

TODAY = date(2026, 11, 22)
PERIOD = {"from": "2024-11-01", "to": "2026-11-22"}
ROWS = 5_001  # what the gateway asks for at most
LIMIT_MS = 300


def questions(report: Report) -> Iterator[dict[str, Any]]:
    """Each dimension alone, and the finest pairs, with every measure."""
    names = [name for name in report.dimension if name not in report.always_by]
    groups = [[name] for name in names]
    groups += [[first, second] for first in names for second in names if first < second]
    dated = {"period": PERIOD} if report.dated == "period" else {"date": "2026-10-31"}
    for group_by in groups:
        yield {**dated, "group_by": group_by, "measures": list(report.measure), "top": ROWS}
    yield {**dated, "group_by": names, "measures": list(report.measure), "top": ROWS}


async def measure(books: Books, runs: int) -> list[tuple[float, float, float, int, str]]:
    """(median ms, least ms, median CPU ms, rows, question), the slowest first."""
    app = build_demo_app(books, login="demo", password="demo")
    found = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type] # other names, one shape
        base_url="http://demo",
        auth=("demo", "demo"),
        headers={"X-MCP-Scopes": ",".join(ALL_SCOPES)},
    ) as client:
        plans = [
            (f"/mcp/reports/{report.path}", body)
            for report in TABULAR
            for body in questions(report)
        ]
        plans.append(("/mcp/reports/top_products", {"period": PERIOD, "top": ROWS}))
        for path, body in plans:
            times, used = [], []
            for _ in range(runs):
                start, busy = time.perf_counter(), time.process_time()
                response = await client.post(path, json=body)
                times.append((time.perf_counter() - start) * 1000)
                used.append((time.process_time() - busy) * 1000)
            rows = len(response.raise_for_status().json()["rows"])
            question = f"{path.rpartition('/')[2]} by {'+'.join(body.get('group_by', ['product']))}"
            cpu = statistics.median(used)
            found.append((statistics.median(times), min(times), cpu, rows, question))
    return sorted(found, reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="default")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--shown", type=int, default=25)
    arguments = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / "onecgw-bench"
    start = time.perf_counter()
    with open_books(
        size=arguments.size, today=TODAY, cache_folder=folder, progress=lambda _: None
    ) as books:
        print(f"books opened in {time.perf_counter() - start:.2f} s ({folder})")
        found = trio.run(measure, books, arguments.runs)
    print(f"{'median ms':>9} {'least ms':>9} {'CPU ms':>9} {'rows':>6}  question")
    for median, least, cpu, rows, question in found[: arguments.shown]:
        print(f"{median:9.0f} {least:9.0f} {cpu:9.0f} {rows:6}  {question}")
    over = sum(1 for median, *_ in found if median > LIMIT_MS)
    over_cpu = sum(1 for _, _, cpu, *_ in found if cpu > LIMIT_MS)
    print(f"{len(found)} questions; over {LIMIT_MS} ms: {over} by the clock, {over_cpu} by CPU")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
