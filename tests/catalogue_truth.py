"""The one place where tests know the tools by hand: a row per tool, compared with the catalogue.

A tool is declared once in onecgw/catalogue/tools. What must not be derived from that declaration,
because a slip in it would not be noticed, stands here a second time.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from onecgw.auth.caller import COST, MONEY, RESOLVE, SALES, STOCK

Json = Mapping[str, Any]

MAY: Final = {"from": "2026-05-01", "to": "2026-05-31"}
LAST_OF_MAY: Final = MAY["to"]


@attrs.frozen(kw_only=True)
class ToolTruth:
    """What a tool must be.

    scopes: all that a caller needs. operation: how REST and 1C call it.
    least: the least arguments that it accepts. everything: all that it declares.
    additive: its measures whose rows add up to the total.
    """

    scopes: frozenset[str]
    operation: str
    least: Json
    everything: Json
    additive: tuple[str, ...] = ()


def _resolver(scope: str, kind: str, *, has_groups: bool = False) -> ToolTruth:
    everything: dict[str, Any] = {"query": "x" * 200, "limit": 3}
    return ToolTruth(
        scopes=frozenset({scope}),
        operation=f"resolve/{kind}",
        least={"query": "а"},
        everything=everything | ({"include_groups": True} if has_groups else {}),
    )


TRUTH: Final[Mapping[str, ToolTruth]] = {
    "resolve_customer": _resolver(RESOLVE, "customer", has_groups=True),
    "resolve_warehouse": _resolver(RESOLVE, "warehouse"),
    "resolve_product": _resolver(RESOLVE, "product", has_groups=True),
    "resolve_sales_channel": _resolver(RESOLVE, "sales_channel"),
    "resolve_cash": _resolver(MONEY, "cash"),
    "resolve_cost_article": _resolver(MONEY, "cost_article", has_groups=True),
    "resolve_operation": _resolver(MONEY, "operation"),
    "sales_report": ToolTruth(
        scopes=frozenset({SALES}),
        operation="reports/sales",
        least={"period": MAY},
        everything={
            "period": MAY,
            "filters": {
                "customer_ids": ["c1", "c2"],
                "warehouse_ids": ["w1"],
                "sales_channel_ids": ["s1"],
                "firm_ids": ["f1"],
                "customer_cohort": "new",
            },
            "group_by": [
                "warehouse",
                "customer",
                "product",
                "seller",
                "sales_channel",
                "firm",
                "day",
                "week",
                "month",
                "cohort",
                "product_group",
                "customer_group",
            ],
            "measures": [
                "amount",
                "qty",
                "receipts",
                "avg_check",
                "customers",
                "cost",
                "profit",
                "margin",
            ],
            "sort": [{"field": "margin", "dir": "desc"}, {"field": "day"}],
        },
        additive=("amount", "qty", "cost", "profit"),
    ),
    "top_products": ToolTruth(
        scopes=frozenset({SALES}),
        operation="reports/top_products",
        least={"period": MAY},
        everything={
            "period": MAY,
            "filters": {"customer_ids": ["c1"], "warehouse_ids": ["w1", "w2"]},
            "by": "qty",
            "top": 3,
        },
    ),
    "customer_summary": ToolTruth(
        scopes=frozenset({SALES}),
        operation="reports/customer_summary",
        least={"period": MAY, "customer_id": "c1"},
        everything={"period": MAY, "customer_id": "c1", "top_products": 8},
    ),
    "stock_balance": ToolTruth(
        scopes=frozenset({STOCK}),
        operation="reports/stock",
        least={},
        everything={
            "date": LAST_OF_MAY,
            "filters": {
                "product_ids": ["p1", "p2"],
                "warehouse_ids": ["w1"],
                "firm_ids": ["f1"],
            },
            "group_by": ["warehouse", "product", "product_group", "firm"],
            "measures": ["qty", "amount"],
            "sort": [{"field": "amount", "dir": "desc"}, {"field": "product", "dir": "asc"}],
        },
        additive=("qty", "amount"),
    ),
    "availability_report": ToolTruth(
        scopes=frozenset({STOCK}),
        operation="reports/availability",
        least={"period": MAY},
        everything={
            "period": MAY,
            "filters": {"product_ids": ["p1"], "warehouse_ids": ["w1"]},
            "group_by": ["product", "product_group", "warehouse", "week"],
            "measures": ["oos_days", "days", "availability_pct", "avg_qty"],
            "sort": [{"field": "oos_days", "dir": "desc"}],
        },
        additive=("oos_days", "days"),
    ),
    "cash_balance": ToolTruth(
        scopes=frozenset({MONEY}),
        operation="reports/cash_balance",
        least={},
        everything={
            "date": LAST_OF_MAY,
            "filters": {"cash_ids": ["k1", "k2"]},
            "group_by": ["cash", "firm"],
            "measures": ["balance"],
            "sort": [{"field": "balance", "dir": "desc"}],
        },
        additive=("balance",),
    ),
    "cash_flow": ToolTruth(
        scopes=frozenset({MONEY}),
        operation="reports/cash_flow",
        least={"period": MAY},
        everything={
            "period": MAY,
            "filters": {
                "cash_ids": ["k1"],
                "operation_ids": ["o1"],
                "cost_article_ids": ["a1", "a2"],
                "customer_ids": ["c1"],
            },
            "group_by": ["account", "operation", "analytics", "firm", "day", "week", "month"],
            "measures": ["inflow", "outflow", "net"],
            "sort": [{"field": "net", "dir": "desc"}],
        },
        additive=("inflow", "outflow", "net"),
    ),
    "receivables_balance": ToolTruth(
        scopes=frozenset({MONEY}),
        operation="reports/receivables",
        least={},
        everything={
            "date": LAST_OF_MAY,
            "filters": {"customer_ids": ["c1"], "firm_ids": ["f1"]},
            "group_by": ["customer", "firm"],
            "measures": ["receivable", "advance", "net"],
            "sort": [{"field": "receivable", "dir": "desc"}],
        },
        additive=("receivable", "advance", "net"),
    ),
    "payables_balance": ToolTruth(
        scopes=frozenset({MONEY}),
        operation="reports/payables",
        least={},
        everything={
            "date": LAST_OF_MAY,
            "filters": {"supplier_ids": ["c1"], "firm_ids": ["f1"]},
            "group_by": ["supplier", "firm"],
            "measures": ["payable", "advance", "net"],
            "sort": [{"field": "payable", "dir": "desc"}],
        },
        additive=("payable", "advance", "net"),
    ),
    "purchases_report": ToolTruth(
        scopes=frozenset({MONEY}),
        operation="reports/purchases",
        least={"period": MAY},
        everything={
            "period": MAY,
            "filters": {
                "supplier_ids": ["c1"],
                "firm_ids": ["f1"],
                "product_ids": ["p1"],
                "warehouse_ids": ["w1"],
            },
            "group_by": [
                "supplier",
                "firm",
                "warehouse",
                "product",
                "product_group",
                "day",
                "week",
                "month",
            ],
            "measures": ["amount", "qty"],
            "sort": [{"field": "qty", "dir": "asc"}],
        },
        additive=("amount", "qty"),
    ),
    "cash_conversion_cycle": ToolTruth(
        scopes=frozenset({SALES, STOCK, MONEY, COST}),
        operation="reports/cash_conversion_cycle",
        least={"period": MAY},
        everything={
            "period": MAY,
            "compare": "previous_year",
            "breakdown": "none",
            "balance_basis": "closing",
            "dpo_base": "cogs",
            "firm_ids": ["f1"],
        },
    ),
}
