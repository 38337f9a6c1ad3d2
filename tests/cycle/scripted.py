"""A 1C with the simplest books: the same balance every day, the same flow every month."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from onecgw.cycle.spans import Span
from tests.cycle.test_spans import span

BALANCES = {
    "stock": {"amount": "600.00"},
    "receivables": {"receivable": "450.00", "advance": "30.00"},
    "payables": {"payable": "240.00", "advance": "12.00"},
}
FLOWS = {
    "sales": {"amount": "900.00", "cost": "600.00"},
    "purchases": {"amount": "720.00"},
}
JSON = {"content-type": "application/json"}


def report_of(request: httpx.Request) -> str:
    """The last word of the path: stock, receivables, payables, sales or purchases."""
    return request.url.path.rpartition("/")[2]


def asked_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def answer_of(request: httpx.Request, **changes: Mapping[str, str]) -> httpx.Response:
    """What 1C answers; changes: report → other totals of a day or a month."""
    report, asked = report_of(request), asked_of(request)
    measures = asked["measures"]
    applied = json.dumps(asked.get("filters", {}))
    if report in BALANCES:
        told = {**BALANCES[report], **changes.get(report, {})}
        totals = ",".join(f'"{name}":{told[name]}' for name in measures)
        body = f'{{"columns":[],"rows":[],"totals":{{{totals}}},"applied_filters":{applied}}}'
        return ok(body)
    told = {**FLOWS[report], **changes.get(report, {})}
    months = span_of(asked).months
    columns = ",".join(f'{{"name":"{name}","type":"number"}}' for name in measures)
    cells = ",".join(told[name] for name in measures)
    rows = ",".join(f'["{month.key}",{cells}]' for month in months)
    totals = ",".join(f'"{name}":{float(told[name]) * len(months):.2f}' for name in measures)
    return ok(
        f'{{"columns":[{{"name":"month","type":"date"}},{columns}],"rows":[{rows}],'
        f'"totals":{{{totals}}},"applied_filters":{applied}}}'
    )


def span_of(asked: Mapping[str, Any]) -> Span:
    return span(asked["period"]["from"], asked["period"]["to"])


def ok(body: str) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(body.encode()), headers=JSON)
