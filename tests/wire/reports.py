"""What the reports ask of 1C."""

from typing import Final

from tests.wire.row import MAY, MAY_AS_TEXT, OF_THE_SURFACE, Row, as_it_came, in_20_rows, rows

SALES_REPORT: Final = rows(
    "sales_report",
    "/mcp/reports/sales",
    {
        "nothing optional": ({"period": MAY}, {"period": MAY, "top": OF_THE_SURFACE}),
        "everything": in_20_rows(
            {
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
            }
        ),
        "forgiving": (
            {
                "period": MAY_AS_TEXT,
                "filters": '{"customer_ids":"c1","warehouse_ids":"[\\"w1\\",\\"w2\\"]"}',
                "group_by": "month",
                "measures": '["amount","avg_check"]',
                "top": "20",
                "sort": '[{"field":"amount","dir":"desc"}]',
            },
            {
                "period": MAY,
                "filters": {"customer_ids": ["c1"], "warehouse_ids": ["w1", "w2"]},
                "group_by": ["month"],
                "measures": ["amount", "avg_check"],
                "top": 21,
                "sort": [{"field": "amount", "dir": "desc"}],
            },
        ),
        "forgiving in its parts": (
            {"period": MAY, "top": 20.0, "sort": ['{"field":"qty"}']},
            {"period": MAY, "top": 21, "sort": [{"field": "qty"}]},
        ),
        "above the limit": ({"period": MAY, "top": 5001}, {"period": MAY, "top": 5001}),
        "a single day": (
            {"period": {"from": "2024-02-29", "to": "2024-02-29"}, "top": 1},
            {"period": {"from": "2024-02-29", "to": "2024-02-29"}, "top": 2},
        ),
    },
)

TOP_PRODUCTS: Final = rows(
    "top_products",
    "/mcp/reports/top_products",
    {
        "nothing optional": ({"period": MAY}, {"period": MAY}),
        "everything": as_it_came(
            {
                "period": MAY,
                "filters": {"customer_ids": ["c1"], "warehouse_ids": ["w1", "w2"]},
                "by": "qty",
                "top": 3,
            }
        ),
        "forgiving": (
            {"period": MAY_AS_TEXT, "filters": '{"customer_ids":"c1"}', "by": "amount", "top": "3"},
            {"period": MAY, "filters": {"customer_ids": ["c1"]}, "by": "amount", "top": 3},
        ),
        "a whole float": ({"period": MAY, "top": 3.0}, {"period": MAY, "top": 3}),
        "above the limit": ({"period": MAY, "top": 6000}, {"period": MAY, "top": 5000}),
    },
)

# The scripted 1C knows one customer, c7.
CUSTOMER_SUMMARY: Final = [
    *rows(
        "customer_summary",
        "/mcp/reports/customer_summary",
        {
            "nothing optional": (
                {"period": MAY, "customer_id": "c1"},
                {"period": MAY, "customer_id": "c1"},
            ),
            "everything": (
                {"period": MAY, "customer_id": "c1", "top_products": 8},
                {"period": MAY, "customer_id": "c1", "top_products": 8},
            ),
            "forgiving": (
                {"period": MAY_AS_TEXT, "customer_id": "c1", "top_products": "8"},
                {"period": MAY, "customer_id": "c1", "top_products": 8},
            ),
            "a whole float": (
                {"period": MAY, "customer_id": "c1", "top_products": 8.0},
                {"period": MAY, "customer_id": "c1", "top_products": 8},
            ),
            "above the limit": (
                {"period": MAY, "customer_id": "c1", "top_products": 101},
                {"period": MAY, "customer_id": "c1", "top_products": 100},
            ),
        },
    ),
    Row(
        "customer_summary",
        "a name instead of the id",
        {"period": MAY, "customer": "Ромашка", "top_products": 8},
        (
            ("/mcp/resolve/customer", {"query": "Ромашка", "limit": 10}),
            (
                "/mcp/reports/customer_summary",
                {"period": MAY, "customer_id": "c7", "top_products": 8},
            ),
        ),
    ),
]

STOCK_BALANCE: Final = rows(
    "stock_balance",
    "/mcp/reports/stock",
    {
        "nothing optional": ({}, {"top": OF_THE_SURFACE}),
        "everything": in_20_rows(
            {
                "date": "2026-05-31",
                "filters": {
                    "product_ids": ["p1", "p2"],
                    "warehouse_ids": ["w1"],
                    "firm_ids": ["f1"],
                },
                "group_by": ["warehouse", "product", "product_group", "firm"],
                "measures": ["qty", "amount"],
                "sort": [{"field": "amount", "dir": "desc"}, {"field": "product", "dir": "asc"}],
            }
        ),
        "forgiving": (
            {
                "date": "2026-05-31",
                "filters": '{"product_ids":"p1"}',
                "group_by": '["firm"]',
                "measures": "amount",
                "top": "20",
                "sort": '[{"field":"amount"}]',
            },
            {
                "date": "2026-05-31",
                "filters": {"product_ids": ["p1"]},
                "group_by": ["firm"],
                "measures": ["amount"],
                "top": 21,
                "sort": [{"field": "amount"}],
            },
        ),
        "a whole float": ({"top": 20.0}, {"top": 21}),
        "above the limit": ({"top": 9999}, {"top": 5001}),
    },
)

CASH_BALANCE: Final = rows(
    "cash_balance",
    "/mcp/reports/cash_balance",
    {
        "nothing optional": ({}, {"top": OF_THE_SURFACE}),
        "everything": in_20_rows(
            {
                "date": "2026-05-31",
                "filters": {"cash_ids": ["k1", "k2"]},
                "group_by": ["cash", "firm"],
                "measures": ["balance"],
                "sort": [{"field": "balance", "dir": "desc"}],
            }
        ),
        "forgiving": (
            {
                "filters": '{"cash_ids":"k1"}',
                "group_by": "firm",
                "measures": "balance",
                "top": "20",
                "sort": '[{"field":"firm"}]',
            },
            {
                "filters": {"cash_ids": ["k1"]},
                "group_by": ["firm"],
                "measures": ["balance"],
                "top": 21,
                "sort": [{"field": "firm"}],
            },
        ),
        "a whole float": ({"top": 20.0}, {"top": 21}),
        "above the limit": ({"top": 9999}, {"top": 5001}),
    },
)

CASH_FLOW: Final = rows(
    "cash_flow",
    "/mcp/reports/cash_flow",
    {
        "nothing optional": ({"period": MAY}, {"period": MAY, "top": OF_THE_SURFACE}),
        "everything": in_20_rows(
            {
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
            }
        ),
        "forgiving": (
            {
                "period": MAY_AS_TEXT,
                "filters": '{"operation_ids":"o1"}',
                "group_by": "day",
                "measures": '["net"]',
                "top": "20",
                "sort": '[{"field":"net"}]',
            },
            {
                "period": MAY,
                "filters": {"operation_ids": ["o1"]},
                "group_by": ["day"],
                "measures": ["net"],
                "top": 21,
                "sort": [{"field": "net"}],
            },
        ),
        "a whole float": ({"period": MAY, "top": 20.0}, {"period": MAY, "top": 21}),
        "above the limit": ({"period": MAY, "top": 9999}, {"period": MAY, "top": 5001}),
    },
)

RECEIVABLES_BALANCE: Final = rows(
    "receivables_balance",
    "/mcp/reports/receivables",
    {
        "nothing optional": ({}, {"top": OF_THE_SURFACE}),
        "everything": in_20_rows(
            {
                "date": "2026-05-31",
                "filters": {"customer_ids": ["c1"], "firm_ids": ["f1"]},
                "group_by": ["customer", "firm"],
                "measures": ["receivable", "advance", "net"],
                "sort": [{"field": "receivable", "dir": "desc"}],
            }
        ),
        "forgiving": (
            {
                "filters": '{"customer_ids":"c1"}',
                "group_by": "firm",
                "measures": "net",
                "top": "20",
                "sort": '[{"field":"net"}]',
            },
            {
                "filters": {"customer_ids": ["c1"]},
                "group_by": ["firm"],
                "measures": ["net"],
                "top": 21,
                "sort": [{"field": "net"}],
            },
        ),
        "a whole float": ({"top": 20.0}, {"top": 21}),
        "above the limit": ({"top": 9999}, {"top": 5001}),
    },
)

PAYABLES_BALANCE: Final = rows(
    "payables_balance",
    "/mcp/reports/payables",
    {
        "nothing optional": ({}, {"top": OF_THE_SURFACE}),
        "everything": in_20_rows(
            {
                "date": "2026-05-31",
                "filters": {"supplier_ids": ["c1"], "firm_ids": ["f1"]},
                "group_by": ["supplier", "firm"],
                "measures": ["payable", "advance", "net"],
                "sort": [{"field": "payable", "dir": "desc"}],
            }
        ),
        "forgiving": (
            {
                "filters": '{"supplier_ids":"c1"}',
                "group_by": "firm",
                "measures": "net",
                "top": "20",
                "sort": '[{"field":"net"}]',
            },
            {
                "filters": {"supplier_ids": ["c1"]},
                "group_by": ["firm"],
                "measures": ["net"],
                "top": 21,
                "sort": [{"field": "net"}],
            },
        ),
        "a whole float": ({"top": 20.0}, {"top": 21}),
        "above the limit": ({"top": 9999}, {"top": 5001}),
    },
)

PURCHASES_REPORT: Final = rows(
    "purchases_report",
    "/mcp/reports/purchases",
    {
        "nothing optional": ({"period": MAY}, {"period": MAY, "top": OF_THE_SURFACE}),
        "everything": in_20_rows(
            {
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
            }
        ),
        "forgiving": (
            {
                "period": MAY_AS_TEXT,
                "filters": '{"supplier_ids":"c1"}',
                "group_by": "month",
                "measures": '["qty"]',
                "top": "20",
                "sort": '[{"field":"qty"}]',
            },
            {
                "period": MAY,
                "filters": {"supplier_ids": ["c1"]},
                "group_by": ["month"],
                "measures": ["qty"],
                "top": 21,
                "sort": [{"field": "qty"}],
            },
        ),
        "a whole float": ({"period": MAY, "top": 20.0}, {"period": MAY, "top": 21}),
        "above the limit": ({"period": MAY, "top": 9999}, {"period": MAY, "top": 5001}),
    },
)

TABLE: Final = [
    *SALES_REPORT,
    *TOP_PRODUCTS,
    *CUSTOMER_SUMMARY,
    *STOCK_BALANCE,
    *CASH_BALANCE,
    *CASH_FLOW,
    *RECEIVABLES_BALANCE,
    *PAYABLES_BALANCE,
    *PURCHASES_REPORT,
]
