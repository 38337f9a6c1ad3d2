"""The example of the docs, worked by hand there, is what the tool answers on those very books."""

import json
from decimal import Decimal
from pathlib import Path

import httpx

from tests.builders.constant_books import body_of, ok, report_of, span_of
from tests.builders.gateway_rig import open_rig

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "cash_conversion_cycle.md").read_text(
    encoding="utf-8"
)
SERIES = {
    "stock": {"amount": "stock"},
    "receivables": {"receivable": "receivable", "advance": "advance received"},
    "payables": {"payable": "payable", "advance": "advance paid"},
    "sales": {"amount": "sales", "cost": "cost"},
    "purchases": {"amount": "purchases"},
}


def table(heading: str) -> dict[str, dict[str, Decimal]]:
    """The rows of the docs' table whose first column is named so."""
    lines = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()
    names, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {row[0]: dict(zip(names[1:], map(Decimal, row[1:]), strict=True)) for row in rows}


def play(request: httpx.Request) -> httpx.Response:
    """The books of the example."""
    body, series = body_of(request), SERIES[report_of(request)]
    if "date" in body:
        day = table("day")[body["date"]]
        totals = {name: float(day[series[name]]) for name in body["measures"]}
        return ok(json.dumps({"columns": [], "rows": [], "totals": totals}))
    keys = [f"{month.key:%Y-%m}" for month in span_of(body).months]
    figures = table("month")
    measures = body["measures"]
    rows = [[key, *(float(figures[key][series[name]]) for name in measures)] for key in keys]
    return ok(
        json.dumps(
            {
                "columns": [{"name": name} for name in ("month", *measures)],
                "rows": rows,
                "totals": {
                    name: float(sum(figures[key][series[name]] for key in keys))
                    for name in measures
                },
            }
        )
    )


async def test_the_example_of_the_docs_is_answered_as_it_stands_there() -> None:
    async with open_rig(play) as rig:
        body = await rig.call(
            "cash_conversion_cycle",
            b'{"period":{"from":"2025-05-01","to":"2025-06-30"},"compare":"previous_period"}',
        )

    expected = json.loads(PAGE.split("```json")[1].split("```")[0], parse_float=Decimal)
    answer = json.loads(body, parse_float=Decimal)
    assert {name: answer[name] for name in expected} == expected
