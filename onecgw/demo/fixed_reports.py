"""The two answers about sales whose form is fixed: the top products, a customer's card."""

from decimal import Decimal
from typing import Final

from onecgw.auth.caller import COST
from onecgw.demo.books import Books
from onecgw.demo.report_answers import answer_request, dated, noted, read_report
from onecgw.demo.report_requests import (
    Body,
    ReportRequest,
    RequestError,
    Scopes,
    Selection,
    check_keys,
    read_count,
    read_item,
    read_period,
    read_selection,
)
from onecgw.demo.reports import SALES_REPORT
from onecgw.demo.simulation.company import BASE_CURRENCY

_DEFAULT_TOP: Final = 10
_DEFAULT_CARD_TOP: Final = 5
_BY: Final = ("amount", "qty")
_OPEN: Final = ("amount", "qty", "receipts", "avg_check")
_CLOSED: Final = ("cost", "profit", "margin")
_TOP_FILTERS: Final = ("customer_ids", "warehouse_ids")


def answer_top_products(books: Books, body: Body, scopes: Scopes) -> dict[str, object]:
    """The products that sold best, by amount or by quantity."""
    check_keys(body, ("period", "filters", "by", "top"))
    by = body.get("by", "amount")
    if by not in _BY:
        raise RequestError("invalid_parameter", f"by is {by!r:.80}; accepted: {', '.join(_BY)}")
    filters = body.get("filters", {})
    if isinstance(filters, dict):
        check_keys(filters, _TOP_FILTERS, within="filters.")
    selection = read_selection(SALES_REPORT, body, scopes=scopes, books=books)
    request = ReportRequest(
        selection=selection,
        group_by=("product",),
        measures=_BY,
        sort=((str(by), "desc"),),
        top=read_count(body, "top", _DEFAULT_TOP),
    )
    own = {"by": by}
    return answer_request(SALES_REPORT, request, books=books, scopes=scopes, own_parts=own)


def answer_customer_summary(books: Books, body: Body, scopes: Scopes) -> dict[str, object]:
    """One customer's sales of a period, on a card."""
    check_keys(body, ("customer_id", "period", "top_products"))
    if "customer_id" not in body:
        raise RequestError("missing_parameter", "customer_id is required: the id of a customer")
    customer = read_item(
        body["customer_id"], "customer_id", books.catalogues["partners"], scopes=scopes
    )
    first, last = read_period(body)
    selection = Selection(first=first, last=last, ids={"customer_ids": (customer.id,)}, applied={})
    request = ReportRequest(
        selection=selection,
        group_by=("product",),
        measures=(*_OPEN, *_CLOSED) if COST in scopes else _OPEN,
        sort=(("amount", "desc"),),
        top=read_count(body, "top_products", _DEFAULT_CARD_TOP),
    )
    with books.reading() as db:
        found = read_report(SALES_REPORT, request, db=db, books=books, scopes=scopes)
        (last_purchase,) = db.execute(
            """
            SELECT MAX(day) FROM register_sales
            WHERE buyer = :customer AND day <= :day
            AND (:restricted_too OR warehouse NOT IN (SELECT id FROM warehouses WHERE restricted))
            """,
            {"customer": customer.id, "day": last.isoformat(), "restricted_too": COST in scopes},
        ).fetchone()
    return {
        "customer": {
            "id": customer.uuid,
            "label": customer.label,
            "code": customer.code,
            **customer.facts,
            "archived": customer.archived,
        },
        "currency": BASE_CURRENCY,
        **dated(SALES_REPORT, selection, books),
        "totals": found.totals,
        "last_purchase": last_purchase,
        "top_products": [
            {**product, "amount": amount, "qty": qty}
            for product, amount, qty, *_ in found.rows
            if isinstance(product, dict) and isinstance(amount, Decimal)
        ],
        **noted(SALES_REPORT, scopes),
    }


FIXED_REPORTS: Final = {
    "top_products": answer_top_products,
    "customer_summary": answer_customer_summary,
}
