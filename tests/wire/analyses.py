"""What the analyses ask of 1C: whole lists of their reports.

Forms without a date are not here: what they ask depends on the day of the test.
"""

from typing import Any, Final

from tests.catalogue_truth import LAST_OF_MAY, MAY, TRUTH, Json
from tests.wire.row import MAY_AS_TEXT, Requests, Row

WHOLE: Final = {"top": 100_001}  # limits.max_analysis_rows, and one more
MAY_2025: Final = {"from": "2025-05-01", "to": "2025-05-31"}
APRIL: Final = {"from": "2026-04-01", "to": "2026-04-30"}
# The buckets 0-30, 31-60 and 61-90 on the last day of May.
BUCKETS: Final = (MAY, APRIL, {"from": "2026-03-02", "to": "2026-03-31"})


def _debts(partner: str, debt: str, flows: str, filters: Json) -> Requests:
    by = [partner, "firm"]
    requests: list[tuple[str, Json]] = [
        (
            f"/mcp/reports/{debt}s",
            {
                "date": LAST_OF_MAY,
                "filters": filters,
                "group_by": by,
                "measures": [debt, "advance"],
                **WHOLE,
            },
        )
    ]
    for bucket in BUCKETS:
        body: dict[str, Any] = {"period": bucket, "filters": filters, **WHOLE}
        body |= {"group_by": [*by, "day"], "measures": ["amount"]}
        requests.append((f"/mcp/reports/{flows}", body))
    return tuple(requests)


def _cover(first: str, filters: Json) -> Requests:
    common = {"filters": filters, "measures": ["qty", "amount"], **WHOLE}
    period = {"from": first, "to": LAST_OF_MAY}
    return (
        ("/mcp/reports/stock", {"date": LAST_OF_MAY, "group_by": ["product"], **common}),
        ("/mcp/reports/sales", {"period": period, "group_by": ["product", "month"], **common}),
    )


def _bridge(before: Json, by: str, filters: Json) -> Requests:
    return tuple(
        (
            "/mcp/reports/sales",
            {
                "period": period,
                **filters,
                "group_by": [by],
                "measures": ["qty", "cost", "profit"],
                **WHOLE,
            },
        )
        for period in (MAY, before)
    )


TABLE: Final = [
    Row(
        "debt_aging",
        "everything",
        TRUTH["debt_aging"].everything,
        _debts("supplier", "payable", "purchases", {"supplier_ids": ["c1"], "firm_ids": ["f1"]}),
    ),
    Row(
        "debt_aging",
        "forgiving",
        {
            "side": "receivable",
            "date": LAST_OF_MAY,
            "filters": '{"partner_ids":"c1"}',
            "top": "5",
        },
        _debts("customer", "receivable", "sales", {"customer_ids": ["c1"]}),
    ),
    Row(
        "stock_cover",
        "everything",
        TRUTH["stock_cover"].everything,
        _cover("2026-03-03", {"warehouse_ids": ["w1"], "firm_ids": ["f1"]}),
    ),
    Row(
        "stock_cover",
        "forgiving",
        {"date": LAST_OF_MAY, "days": "30", "filters": '{"warehouse_ids":"w1"}'},
        _cover("2026-05-02", {"warehouse_ids": ["w1"]}),
    ),
    Row("margin_bridge", "nothing optional", {"period": MAY}, _bridge(MAY_2025, "product", {})),
    Row(
        "margin_bridge",
        "everything",
        TRUTH["margin_bridge"].everything,
        _bridge(APRIL, "product_group", {"filters": TRUTH["margin_bridge"].everything["filters"]}),
    ),
    Row(
        "margin_bridge",
        "forgiving",
        {"period": MAY_AS_TEXT, "filters": '{"customer_ids":"c1"}', "top": 3.0},
        _bridge(MAY_2025, "product", {"filters": {"customer_ids": ["c1"]}}),
    ),
]
