"""How long every report of the demo 1C takes: `python -m tests.bench.demo_reports`.

The questions are the fixed ones (each dimension, the pairs and all at once over the whole two
years at the default size, with every measure) and 300 that a seed chooses: one to five dimensions,
any order, filters with folders, any period, with and without the cost scope. Of each it prints the
median and the least of some runs, as a client sees them (JSON included, the network not), and the
median CPU time, which says more where others work on the same machine; then the worst of all, and
how many are over one second by both. It fails if any is over by CPU.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import trio

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.demo.books import Books, open_books
from onecgw.demo.http_service import build_demo_app
from onecgw.demo.report_definition import Report
from onecgw.demo.reports import SALES_REPORT, TABULAR

TODAY = date(2026, 11, 22)
PERIOD = {"from": "2024-11-01", "to": "2026-11-22"}
ROWS = 5_001  # what the gateway asks for at most
LIMIT_MS = 1_000
# The part of the chosen questions over all days, or filtered; sorted; without the cost scope.
HALF, SORTED, RESTRICTED = 0.5, 0.7, 0.2
_WITHOUT_COST = tuple(scope for scope in ALL_SCOPES if scope != COST)

Body = dict[str, Any]
Plan = tuple[str, Body, Sequence[str]]


def fixed(report: Report) -> Iterator[Body]:
    """Each dimension alone, the pairs and all at once, with every measure in the default order."""
    names = [name for name in report.dimension if name not in report.always_by]
    groups = [[name] for name in names]
    groups += [[first, second] for first in names for second in names if first < second]
    dated = {"period": PERIOD} if report.dated == "period" else {"date": "2026-10-31"}
    for group_by in (*groups, names):
        yield {**dated, "group_by": group_by, "measures": list(report.measure), "top": ROWS}


def chosen(report: Report, rng: random.Random, books: Books) -> Plan:
    """One to five dimensions in any order, sorted by anything; whole and restricted selections."""
    scopes = _WITHOUT_COST if rng.random() < RESTRICTED else ALL_SCOPES
    names = [name for name in report.dimension if name not in report.always_by]
    group_by = rng.sample(names, min(rng.randint(1, 5), len(names)))
    measures = [one.name for one in report.measures if one.scope is None or one.scope in scopes]
    if rng.random() < HALF:
        measures = rng.sample(measures, rng.randint(1, len(measures)))
    top = rng.choice([10, 100, ROWS, ROWS])
    body: Body = {"group_by": group_by, "measures": measures, "top": top}
    if rng.random() < SORTED:
        field = rng.choice([*group_by, *measures, *measures])
        body["sort"] = [{"field": field, "dir": rng.choice(["asc", "desc"])}]
    first, last = (date.fromisoformat(PERIOD[end]) for end in ("from", "to"))
    days = sorted(first + timedelta(rng.randrange((last - first).days)) for _ in range(2))
    if report.dated == "date":
        body["date"] = days[0].isoformat()
    elif rng.random() < HALF:
        body["period"] = PERIOD
    else:
        body["period"] = {"from": days[0].isoformat(), "to": days[1].isoformat()}
    if rng.random() < HALF:
        one = rng.choice(report.filters)
        folders = one.branches and rng.random() < HALF
        items = [
            item
            for item in books.catalogues[one.catalogue].items
            if item.is_group == folders and not item.facts.get("restricted")
        ]
        some = rng.sample(items, min(rng.randint(1, 5), len(items)))
        body["filters"] = {one.name: [item.uuid for item in some]}
    return f"/mcp/reports/{report.path}", body, scopes


def plans(books: Books, count: int) -> Iterator[Plan]:
    """Path, body and scopes of every question: the fixed ones, then the chosen ones."""
    for report in TABULAR:
        for body in fixed(report):
            yield f"/mcp/reports/{report.path}", body, ALL_SCOPES
    yield "/mcp/reports/top_products", {"period": PERIOD, "top": ROWS}, ALL_SCOPES
    rng = random.Random("onecgw bench")
    # Sales have the most lines by far, and so half of the questions.
    for _ in range(count):
        yield chosen(SALES_REPORT if rng.random() < HALF else rng.choice(TABULAR), rng, books)


def named(path: str, body: Body, scopes: Sequence[str]) -> str:
    """A question in a few words."""
    parts = [path.rpartition("/")[2], "by", "+".join(body.get("group_by", ["product"]))]
    parts += [f"sort {key['field']} {key['dir']}" for key in body.get("sort", [])]
    parts += [f"of {name}" for name in body.get("filters", {})]
    if body.get("period", PERIOD) != PERIOD:
        parts.append(f"{body['period']['from']}..{body['period']['to']}")
    if len(scopes) < len(ALL_SCOPES):
        parts.append("without cost")
    return " ".join([*parts, f"({len(body.get('measures', '..'))} measures)"])


async def measure(
    books: Books, runs: int, count: int
) -> list[tuple[float, float, float, int, str]]:
    """(median ms, least ms, median CPU ms, rows, question), the slowest first."""
    app = build_demo_app(books, login="demo", password="demo")
    found = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type] # other names, one shape
        base_url="http://demo",
        auth=("demo", "demo"),
    ) as client:
        for path, body, scopes in plans(books, count):
            headers = {"X-MCP-Scopes": ",".join(scopes)}
            times, used = [], []
            for _ in range(runs):
                start, busy = time.perf_counter(), time.process_time()
                response = await client.post(path, json=body, headers=headers)
                times.append((time.perf_counter() - start) * 1000)
                used.append((time.process_time() - busy) * 1000)
            rows = len(response.raise_for_status().json()["rows"])
            cpu = statistics.median(used)
            found.append(
                (statistics.median(times), min(times), cpu, rows, named(path, body, scopes))
            )
    return sorted(found, reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="default")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--chosen", type=int, default=300)
    parser.add_argument("--shown", type=int, default=25)
    arguments = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / "onecgw-bench"
    start = time.perf_counter()
    with open_books(
        size=arguments.size, today=TODAY, cache_folder=folder, progress=lambda _: None
    ) as books:
        print(f"books opened in {time.perf_counter() - start:.2f} s ({folder})")
        found = trio.run(measure, books, arguments.runs, arguments.chosen)
    print(f"{'median ms':>9} {'least ms':>9} {'CPU ms':>9} {'rows':>6}  question")
    for median, least, cpu, rows, question in found[: arguments.shown]:
        print(f"{median:9.0f} {least:9.0f} {cpu:9.0f} {rows:6}  {question}")
    over = sum(1 for median, *_ in found if median > LIMIT_MS)
    over_cpu = sum(1 for _, _, cpu, *_ in found if cpu > LIMIT_MS)
    worst, worst_cpu = found[0][0], max(cpu for _, _, cpu, *_ in found)
    print(
        f"{len(found)} questions; the worst {worst:.0f} ms by the clock, {worst_cpu:.0f} ms of CPU;"
        f" over {LIMIT_MS} ms: {over} by the clock, {over_cpu} by CPU"
    )
    sys.exit(1 if over_cpu else 0)


if __name__ == "__main__":
    main()
