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


@attrs.frozen
class Found:
    """The id of the first object that a resolver finds."""

    resolver: str
    query: str


@attrs.frozen(kw_only=True)
class Example:
    """A call of a tool. without: members of its answer that the page leaves out, and says so."""

    arguments: dict[str, Any]
    without: tuple[str, ...] = ()


# Days that are over wherever and whenever the page is rendered: their figures never change.
MARCH: Final = {"from": "2025-03-01", "to": "2025-03-31"}
LAST_DAY: Final = MARCH["to"]


@attrs.frozen(kw_only=True)
class ToolTruth:
    """What a tool must be.

    scopes: all that a caller needs. operation: how REST and 1C call it.
    least: the least arguments that it accepts. everything: all that it declares.
    additive: its measures whose rows add up to the total.
    added: what the request to 1C has besides, where a caller gives neither group_by nor sort.
    example: a call that docs/reference/tools.md shows.
    """

    scopes: frozenset[str]
    operation: str
    least: Json
    everything: Json
    example: Example
    additive: tuple[str, ...] = ()
    added: Json = attrs.field(factory=dict)


def _resolver(scope: str, kind: str, *, example: Json, has_groups: bool = False) -> ToolTruth:
    everything: dict[str, Any] = {"query": "x" * 200, "limit": 3}
    return ToolTruth(
        scopes=frozenset({scope}),
        operation=f"resolve/{kind}",
        least={"query": "а"},
        example=Example(arguments=dict(example)),
        everything=everything | ({"include_groups": True} if has_groups else {}),
    )


TRUTH: Final[Mapping[str, ToolTruth]] = {
    "resolve_customer": _resolver(
        RESOLVE, "customer", has_groups=True, example={"query": "палум", "limit": 2}
    ),
    "resolve_warehouse": _resolver(RESOLVE, "warehouse", example={"query": "склад южный"}),
    "resolve_product": _resolver(
        RESOLVE,
        "product",
        has_groups=True,
        example={"query": "анкер", "include_groups": True, "limit": 2},
    ),
    "product_details": ToolTruth(
        scopes=frozenset({RESOLVE}),
        operation="resolve/product_details",
        least={"product_ids": ["p1"]},
        everything={"product_ids": ["p1", "p2"]},
        example=Example(arguments={"product_ids": [Found("resolve_product", "насос")]}),
    ),
    "resolve_sales_channel": _resolver(RESOLVE, "sales_channel", example={"query": "online"}),
    "resolve_cash": _resolver(MONEY, "cash", example={"query": "валютная касса"}),
    "resolve_cost_article": _resolver(
        MONEY, "cost_article", has_groups=True, example={"query": "оренда", "limit": 2}
    ),
    "resolve_operation": _resolver(MONEY, "operation", example={"query": "оплата покупця"}),
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
                "product_ids": ["p1"],
                "seller_ids": ["u1"],
                "product_status": "active",
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
                "quarter",
                "year",
                "weekday",
                "cohort",
                "product_group",
                "customer_group",
                "product_parent",
                "customer_parent",
                "channel_parent",
            ],
            "measures": [
                "amount",
                "amount_net",
                "returns",
                "qty",
                "receipts",
                "avg_check",
                "customers",
                "cost",
                "profit",
                "margin",
            ],
            "sort": [{"field": "margin", "dir": "desc"}, {"field": "day"}],
            "compare_with": "2025-05-01",
            "share": "amount",
            "ids": False,
        },
        additive=("amount", "amount_net", "returns", "qty", "cost", "profit"),
        example=Example(
            arguments={
                "period": MARCH,
                "filters": {"warehouse_ids": [Found("resolve_warehouse", "центральний")]},
                "group_by": ["product_group"],
                "measures": ["amount", "qty", "receipts", "profit"],
                "sort": [{"field": "amount", "dir": "desc"}],
                "top": 2,
            }
        ),
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
        example=Example(arguments={"period": MARCH, "by": "qty", "top": 2}),
    ),
    "customer_summary": ToolTruth(
        scopes=frozenset({SALES}),
        operation="reports/customer_summary",
        least={"period": MAY, "customer_id": "c1"},
        everything={"period": MAY, "customer_id": "c1", "top_products": 8},
        example=Example(arguments={"customer": "толумтар", "period": MARCH, "top_products": 2}),
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
                "product_status": "archived",
            },
            "group_by": ["warehouse", "product", "product_group", "firm"],
            "measures": ["qty", "amount"],
            "sort": [{"field": "amount", "dir": "desc"}, {"field": "product", "dir": "asc"}],
            "compare_with": "2025-05-31",
            "share": "qty",
            "ids": False,
        },
        additive=("qty", "amount"),
        example=Example(
            arguments={
                "date": LAST_DAY,
                "group_by": ["warehouse"],
                "measures": ["qty", "amount"],
                "top": 2,
            }
        ),
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
            "compare_with": "2025-05-01",
            "share": "oos_days",
            "ids": False,
        },
        additive=("oos_days", "days"),
        example=Example(
            arguments={
                "period": MARCH,
                "group_by": ["warehouse"],
                "measures": ["oos_days", "days", "availability_pct"],
            }
        ),
    ),
    "goods_in_transit": ToolTruth(
        scopes=frozenset({STOCK}),
        operation="reports/goods_in_transit",
        least={},
        everything={
            "date": LAST_OF_MAY,
            "filters": {
                "product_ids": ["p1"],
                "warehouse_ids": ["w1"],
                "firm_ids": ["f1"],
                "supplier_ids": ["c1"],
            },
            "group_by": [
                "warehouse",
                "product",
                "product_group",
                "firm",
                "supplier",
                "document",
                "delivery_date",
            ],
            "measures": ["qty", "amount", "amount_in_currency"],
            "sort": [{"field": "delivery_date"}],
            "compare_with": "2025-05-31",
            "share": "amount",
            "ids": False,
        },
        additive=("qty", "amount", "amount_in_currency"),
        example=Example(
            arguments={
                "date": LAST_DAY,
                "group_by": ["firm"],
                "measures": ["qty", "amount", "amount_in_currency"],
            }
        ),
    ),
    "cash_balance": ToolTruth(
        scopes=frozenset({MONEY}),
        operation="reports/cash_balance",
        least={},
        everything={
            "date": LAST_OF_MAY,
            "filters": {"cash_ids": ["k1", "k2"]},
            "group_by": ["cash", "firm"],
            "measures": ["balance", "balance_base"],
            "sort": [{"field": "balance", "dir": "desc"}],
            "compare_with": "2025-05-31",
            "share": "balance",
            "ids": False,
        },
        additive=("balance", "balance_base"),
        example=Example(
            arguments={
                "date": LAST_DAY,
                "filters": {"cash_ids": [Found("resolve_cash", "валютная касса")]},
            }
        ),
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
                "own_transfers": "exclude",
            },
            "group_by": [
                "account",
                "operation",
                "analytics",
                "cost_article_parent",
                "firm",
                "day",
                "week",
                "month",
            ],
            "measures": ["inflow", "outflow", "net"],
            "sort": [{"field": "net", "dir": "desc"}],
            "compare_with": "2025-05-01",
            "share": "inflow",
            "ids": False,
        },
        additive=("inflow", "outflow", "net"),
        example=Example(arguments={"period": MARCH, "group_by": ["analytics"], "top": 2}),
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
            "compare_with": "2025-05-31",
            "share": "receivable",
            "ids": False,
        },
        additive=("receivable", "advance", "net"),
        example=Example(
            arguments={
                "date": LAST_DAY,
                "sort": [{"field": "receivable", "dir": "desc"}],
                "top": 2,
            }
        ),
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
            "compare_with": "2025-05-31",
            "share": "payable",
            "ids": False,
        },
        additive=("payable", "advance", "net"),
        example=Example(arguments={"date": LAST_DAY, "group_by": ["firm"]}),
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
                "currency",
            ],
            "measures": ["amount", "amount_net", "qty"],
            "sort": [{"field": "qty", "dir": "asc"}],
            "compare_with": "2025-05-01",
            "share": "amount",
            "ids": False,
        },
        added={"sort": [{"field": "amount", "dir": "desc"}]},
        additive=("amount", "amount_net", "qty"),
        example=Example(
            arguments={
                "period": MARCH,
                "group_by": ["supplier"],
                "measures": ["amount", "qty"],
                "sort": [{"field": "amount", "dir": "desc"}],
                "top": 2,
            }
        ),
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
        example=Example(arguments={"period": MARCH, "breakdown": "none"}, without=("basis",)),
    ),
    "debt_aging": ToolTruth(
        scopes=frozenset({SALES, MONEY}),
        operation="reports/debt_aging",
        least={"side": "receivable"},
        everything={
            "side": "payable",
            "date": LAST_OF_MAY,
            "filters": {"partner_ids": ["c1"], "firm_ids": ["f1"]},
        },
        example=Example(
            arguments={"side": "receivable", "date": LAST_DAY, "top": 2}, without=("basis",)
        ),
    ),
    "stock_cover": ToolTruth(
        scopes=frozenset({SALES, STOCK}),
        operation="reports/stock_cover",
        least={},
        everything={
            "date": LAST_OF_MAY,
            "days": 90,
            "bucket": "low",
            "filters": {"warehouse_ids": ["w1"], "firm_ids": ["f1"]},
        },
        example=Example(
            arguments={"date": LAST_DAY, "days": 30, "bucket": "low", "top": 2},
            without=("basis",),
        ),
    ),
    "margin_bridge": ToolTruth(
        scopes=frozenset({SALES, COST}),
        operation="reports/margin_bridge",
        least={"period": MAY},
        everything={
            "period": MAY,
            "compare": "previous_period",
            "by": "product_group",
            "filters": {
                "customer_ids": ["c1"],
                "warehouse_ids": ["w1"],
                "sales_channel_ids": ["s1"],
                "firm_ids": ["f1"],
                "customer_cohort": "new",
                "product_ids": ["p1"],
                "seller_ids": ["u1"],
                "product_status": "active",
            },
        },
        example=Example(
            arguments={
                "period": MARCH,
                "compare": "previous_period",
                "by": "product_group",
                "top": 2,
            },
            without=("basis",),
        ),
    ),
    "company": ToolTruth(
        scopes=frozenset({SALES, MONEY}),
        operation="reports/company",
        least={},
        everything={},
        # What depends on the day of rendering is left out.
        example=Example(
            arguments={},
            without=(
                "today",
                "last_document_day",
                "last_day_by_report",
                "firms",
                "firms_total",
                "backend_profile",
            ),
        ),
    ),
}
