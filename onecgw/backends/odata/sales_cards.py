"""The two answers about sales whose form is fixed: the top products, a customer's card."""

from datetime import date
from typing import Any, Final

import attrs

from onecgw.backends.odata.base import Base
from onecgw.backends.odata.catalogues import CatalogueEntry
from onecgw.backends.odata.last_purchase import last_purchase
from onecgw.backends.odata.outline import Outline
from onecgw.backends.odata.profile import ToolProfile
from onecgw.backends.odata.refusals import refuse_unavailable
from onecgw.backends.odata.report_runner import ReportRunner
from onecgw.backends.odata.reports import CUSTOMER_SUMMARY, SALES, TOP_PRODUCTS, ReportFilter
from onecgw.backends.odata.request import (
    Body,
    RequestedReport,
    check_keys,
    one_of,
    read_count,
    read_request,
    wrong,
)
from onecgw.backends.scheduling.fan_out import Progress
from onecgw.errors import OnecRejected
from onecgw.locales.text import say

_DEFAULT_TOP: Final = 10
_DEFAULT_CARD_TOP: Final = 5
_BY: Final = ("amount", "qty")
_CARD: Final = ("amount", "qty", "receipts", "avg_check", "cost", "profit", "margin")
# The customer alone: a partner with others below it is still one customer.
_OF_ONE_CUSTOMER: Final = attrs.evolve(
    SALES, filters=(ReportFilter(name="customer_ids", of="customer"),)
)


async def answer_top_products(
    runner: ReportRunner, base: Base, body: Body, progress: Progress
) -> dict[str, object]:
    """The products that sold best, by amount or by quantity.

    Raises:
        OnecError: as ReportRunner.
    """
    refuse_unavailable(base, TOP_PRODUCTS)
    check_keys(body, ("period", "filters", "by", "top"))
    by = body.get("by", "amount")
    if by not in _BY:
        raise wrong("by", by, one_of(_BY))
    filters = body.get("filters", {})
    if isinstance(filters, dict):
        check_keys(filters, ("customer_ids", "warehouse_ids"), within="filters.")
    sales: dict[str, Any] = {
        **{key: body[key] for key in ("period", "filters") if key in body},
        "group_by": ["product"],
        "measures": [*_BY],
        "sort": [{"field": by, "dir": "desc"}],
        "top": read_count(body, "top") or _DEFAULT_TOP,
    }
    request = read_request(SALES, sales, today=date.max)
    report = await runner.report(base, request, progress)
    rest = {key: report.pop(key) for key in ("applied_filters", "notes") if key in report}
    return report | {"by": by} | rest


async def answer_customer_summary(
    runner: ReportRunner, base: Base, body: Body, progress: Progress
) -> dict[str, object]:
    """One customer's sales of a period, on a card.

    Raises:
        OnecError: as ReportRunner.
    """
    refuse_unavailable(base, CUSTOMER_SUMMARY)
    check_keys(body, ("customer_id", "period", "top_products"))
    customer = await _customer(base, body)
    lacking = base.assessment.capabilities.lacks(SALES.tool, "measures")
    sales: dict[str, Any] = {
        **{key: body[key] for key in ("period",) if key in body},
        "filters": {"customer_ids": [customer.id]},
        "group_by": ["product"],
        "measures": [name for name in _CARD if name not in lacking],
        "sort": [{"field": "amount", "dir": "desc"}],
        "top": read_count(body, "top_products") or _DEFAULT_CARD_TOP,
    }
    request = read_request(_OF_ONE_CUSTOMER, sales, today=date.max)
    aggregation, chosen = await runner.aggregated(base, request, progress)
    table = await runner.table(aggregation)
    names = [str(column["name"]) for column in table.columns]
    lines = [dict(zip(names, row, strict=True)) for row in table.rows]
    notes = runner.notes(base, request, chosen, aggregation)
    return {
        "customer": {
            "id": customer.id,
            "label": customer.label,
            "code": customer.code,
            "phone": customer.phone,
            "city": customer.city,
            "created": customer.created,
            "archived": customer.is_archived,
        },
        **request.dated(),
        "totals": table.totals,
        "last_purchase": await _last_purchase(runner, base, chosen, request, customer=customer),
        "top_products": [
            {**product, "amount": line["amount"], "qty": line["qty"]}
            for line in lines
            if isinstance(product := line["product"], dict)
        ],
        **({"notes": notes} if notes else {}),
    }


async def _customer(base: Base, body: Body) -> CatalogueEntry:
    customer_id = body.get("customer_id")
    if not isinstance(customer_id, str):
        raise OnecRejected(say("odata.customer_id"))
    catalogue = await base.loading.catalogue("customer")
    found = catalogue.entries.get(customer_id.lower())
    if found is None:
        raise OnecRejected(say("odata.no_object", path="customer_id", id=customer_id[:60]))
    if found.is_group:
        raise OnecRejected(say("odata.folder", path="customer_id", label=found.label))
    return found


async def _last_purchase(
    runner: ReportRunner,
    base: Base,
    chosen: Outline,
    request: RequestedReport,
    *,
    customer: CatalogueEntry,
) -> str | None:
    name = base.profile.tools.get(CUSTOMER_SUMMARY, ToolProfile()).last_purchase
    source = base.profile.sources.get(name or "")
    if source is None or "customer" not in source.dims:
        return None
    references = await runner.references(base, chosen, request)
    return await last_purchase(runner.fetcher, source, customer.id, request.last, references)
