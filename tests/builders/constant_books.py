"""A 1C with the simplest books: the same balance every day, the same flow every month."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx

from onecgw.analysis.periods import DateRange
from onecgw.settings import OnecSettings
from tests.analysis.test_periods import period
from tests.builders.gateway_rig import Answering, Rig

BALANCES = {
    "stock": {"amount": "600.00"},
    "receivables": {"receivable": "450.00", "advance": "30.00"},
    "payables": {"payable": "240.00", "advance": "12.00"},
}
FLOWS = {
    "sales": {"amount": "900.00", "cost": "600.00"},
    "purchases": {"amount": "720.00", "amount_net": "600.00"},
}
APRIL = {"from": "2025-04-01", "to": "2025-04-30"}
YEAR = {"from": "2025-01-01", "to": "2025-12-31"}
REPORT_TIMEOUT_MS = 45_000
JSON = {"content-type": "application/json"}


def report_of(request: httpx.Request) -> str:
    """The last word of the path: stock, receivables, payables, sales or purchases."""
    return request.url.path.rpartition("/")[2]


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def answer_of(request: httpx.Request, **changes: Mapping[str, str]) -> httpx.Response:
    """What 1C answers; changes: report → other totals of a day or a month."""
    report, body = report_of(request), body_of(request)
    measures = body["measures"]
    applied = json.dumps(body.get("filters", {}))
    if report in BALANCES:
        figures = {**BALANCES[report], **changes.get(report, {})}
        totals = ",".join(f'"{name}":{figures[name]}' for name in measures)
        columns, rows = "", ""
        by = body.get("group_by", ("",))[0]
        if body["top"] > 1 and by:  # a whole list, of one row
            named = ",".join(f'{{"name":"{name}","type":"number"}}' for name in measures)
            columns = f'{{"name":"{by}","type":"ref"}},{named}'
            rows = f'[{{"id":"x","label":"X"}},{",".join(figures[name] for name in measures)}]'
        return ok(
            f'{{"columns":[{columns}],"rows":[{rows}],"totals":{{{totals}}},'
            f'"applied_filters":{applied}}}'
        )
    figures = {**FLOWS[report], **changes.get(report, {})}
    months = span_of(body).months
    columns = ",".join(f'{{"name":"{name}","type":"number"}}' for name in measures)
    cells = ",".join(figures[name] for name in measures)
    rows = ",".join(f'["{month.key}",{cells}]' for month in months)
    totals = ",".join(f'"{name}":{totalled(figures[name], len(months))}' for name in measures)
    return ok(
        f'{{"columns":[{{"name":"month","type":"date"}},{columns}],"rows":[{rows}],'
        f'"totals":{{{totals}}},"applied_filters":{applied}}}'
    )


def totalled(amount: str, months: int) -> str:
    return "null" if amount == "null" else f"{float(amount) * months:.2f}"


def span_of(body: Mapping[str, Any]) -> DateRange:
    return period(body["period"]["from"], body["period"]["to"])


def ok(body: str) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(body.encode()), headers=JSON)


def onec_settings(**changes: Any) -> OnecSettings:
    settings: dict[str, Any] = {
        "base_url": "http://1c.test/hs",
        "report_timeout_ms": REPORT_TIMEOUT_MS,
    }
    return OnecSettings(**(settings | changes))


# April and the month before it, which share a balance.
QUESTION = {"period": APRIL, "compare": "previous_period"}


async def ask(rig: Rig, **arguments: Any) -> Any:
    body = await rig.call("cash_conversion_cycle", json.dumps({**QUESTION, **arguments}).encode())
    return json.loads(body, parse_float=Decimal)


def rejects(request: httpx.Request) -> httpx.Response:
    body = b'{"error":"bad_request","message":"no such report here"}'
    return httpx.Response(400, stream=httpx.ByteStream(body))


def without(*reports: str) -> Answering:
    """A 1C that refuses some reports."""
    return lambda request: (rejects if report_of(request) in reports else answer_of)(request)


def reports(rig: Rig) -> list[str]:
    return [report_of(request) for request in rig.onec.requests]


def read_answer(response: httpx.Response) -> Any:
    return json.loads(response.read())
