"""What the reports ask of 1C: the forms of every table, and what some tools have besides."""

from typing import Final

from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.tools import ALL
from tests.catalogue_truth import MAY
from tests.wire.row import MAY_AS_TEXT, Row, and_one_more, forms_of_a_table, rows

SALES_REPORT: Final = rows(
    "sales_report",
    "/mcp/reports/sales",
    {
        "forgiving, several ids in a text": (
            {"period": MAY, "filters": '{"warehouse_ids":"[\\"w1\\",\\"w2\\"]"}', "top": 20},
            {"period": MAY, "filters": {"warehouse_ids": ["w1", "w2"]}, "top": 21},
        ),
        "forgiving in its parts": (
            {"period": MAY, "top": 20.0, "sort": ['{"field":"qty"}']},
            {"period": MAY, "top": 21, "sort": [{"field": "qty"}]},
        ),
        "just above the limit": ({"period": MAY, "top": 5001}, {"period": MAY, "top": 5001}),
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
        "nothing optional": ({"period": MAY}, {"period": MAY, "top": 11}),
        "everything": and_one_more(
            {
                "period": MAY,
                "filters": {"customer_ids": ["c1"], "warehouse_ids": ["w1", "w2"]},
                "by": "qty",
                "top": 3,
            },
            "top",
            10,
        ),
        "forgiving": (
            {"period": MAY_AS_TEXT, "filters": '{"customer_ids":"c1"}', "by": "amount", "top": "3"},
            {"period": MAY, "filters": {"customer_ids": ["c1"]}, "by": "amount", "top": 4},
        ),
        "a whole float": ({"period": MAY, "top": 3.0}, {"period": MAY, "top": 4}),
        "above the limit": ({"period": MAY, "top": 6000}, {"period": MAY, "top": 5001}),
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
                {"period": MAY, "customer_id": "c1", "top_products": 6},
            ),
            "everything": (
                {"period": MAY, "customer_id": "c1", "top_products": 8},
                {"period": MAY, "customer_id": "c1", "top_products": 9},
            ),
            "forgiving": (
                {"period": MAY_AS_TEXT, "customer_id": "c1", "top_products": "8"},
                {"period": MAY, "customer_id": "c1", "top_products": 9},
            ),
            "a whole float": (
                {"period": MAY, "customer_id": "c1", "top_products": 8.0},
                {"period": MAY, "customer_id": "c1", "top_products": 9},
            ),
            "above the limit": (
                {"period": MAY, "customer_id": "c1", "top_products": 101},
                {"period": MAY, "customer_id": "c1", "top_products": 101},
            ),
        },
    ),
    Row(
        "customer_summary",
        "a name instead of the id",
        {"period": MAY, "customer": "Ромашка", "top_products": 8},
        (
            ("/mcp/resolve/customer", {"query": "Ромашка", "limit": 11}),
            (
                "/mcp/reports/customer_summary",
                {"period": MAY, "customer_id": "c7", "top_products": 9},
            ),
        ),
    ),
]

PRODUCT_DETAILS: Final = rows(
    "product_details",
    "/mcp/resolve/product_details",
    {
        "nothing optional": ({"product_ids": ["p1"]}, {"product_ids": ["p1"]}),
        "everything": ({"product_ids": ["p1", "p2"]}, {"product_ids": ["p1", "p2"]}),
        "forgiving": ({"product_ids": "p1"}, {"product_ids": ["p1"]}),
    },
)

TABLE: Final = [
    *PRODUCT_DETAILS,
    *(row for tool in ALL if isinstance(tool, TableTool) for row in forms_of_a_table(tool.name)),
    *SALES_REPORT,
    *TOP_PRODUCTS,
    *CUSTOMER_SUMMARY,
]
