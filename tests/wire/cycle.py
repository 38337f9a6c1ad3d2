"""What cash_conversion_cycle asks of 1C: the calls of its five reports."""

from typing import Final

from tests.catalogue_truth import MAY, Json
from tests.wire.row import MAY_AS_TEXT, Requests, Row


def _balances(day: str, filters: Json) -> Requests:
    """What the cycle asks of one day."""
    return (
        (
            "/mcp/reports/stock",
            {"date": day, **filters, "group_by": ["warehouse"], "measures": ["amount"], "top": 1},
        ),
        (
            "/mcp/reports/receivables",
            {
                "date": day,
                **filters,
                "group_by": ["customer"],
                "measures": ["receivable", "advance"],
                "top": 1,
            },
        ),
        (
            "/mcp/reports/payables",
            {
                "date": day,
                **filters,
                "group_by": ["supplier"],
                "measures": ["payable", "advance"],
                "top": 1,
            },
        ),
    )


def _where(days: tuple[str, str], filters: Json) -> Requests:
    """The lists of what moved each balance, of the end of this period and of the one before."""
    return tuple(
        (
            f"/mcp/reports/{report}",
            {"date": day, **filters, "group_by": [by], "measures": [measure], "top": 100_001},
        )
        for report, by, measure in (
            ("stock", "product_group", "amount"),
            ("receivables", "customer", "receivable"),
            ("payables", "supplier", "payable"),
        )
        for day in days
    )


def _last_sale(first: str, filters: Json) -> tuple[str, Json]:
    """What the cycle asks to know where the books end."""
    return (
        "/mcp/reports/sales",
        {
            "period": {"from": first, "to": MAY["to"]},
            **filters,
            "group_by": ["day"],
            "measures": ["amount"],
            "sort": [{"field": "day", "dir": "desc"}],
            "top": 1,
        },
    )


APRIL_AND_MAY: Final = {"from": "2026-04-01", "to": "2026-05-31"}
MAY_2025: Final = {"from": "2025-05-01", "to": "2025-05-31"}
OF_FIRM_1: Final = {"filters": {"firm_ids": ["f1"]}}
BY_MONTH: Final = {"group_by": ["month"]}

TABLE: Final = [
    Row(
        "cash_conversion_cycle",
        "nothing optional",
        {"period": MAY},
        (
            *(
                (
                    f"/mcp/reports/{report}",
                    {"period": period, **BY_MONTH, "measures": measures, "top": 1},
                )
                for report, measures in (("sales", ["amount", "cost"]), ("purchases", ["amount"]))
                for period in (MAY_2025, MAY)
            ),
            *_balances("2025-04-30", {}),
            *_balances("2025-05-31", {}),
            *_balances("2026-04-30", {}),
            *_balances("2026-05-31", {}),
            _last_sale("2025-05-01", {}),
            *_where((MAY["to"], "2025-05-31"), {}),
        ),
    ),
    Row(
        "cash_conversion_cycle",
        "the period before",
        {"period": MAY, "compare": "previous_period"},
        (
            (
                "/mcp/reports/sales",
                {"period": APRIL_AND_MAY, **BY_MONTH, "measures": ["amount", "cost"], "top": 2},
            ),
            (
                "/mcp/reports/purchases",
                {"period": APRIL_AND_MAY, **BY_MONTH, "measures": ["amount"], "top": 2},
            ),
            *_balances("2026-03-31", {}),
            *_balances("2026-04-30", {}),
            *_balances("2026-05-31", {}),
            _last_sale("2026-04-01", {}),
            *_where((MAY["to"], "2026-04-30"), {}),
        ),
    ),
    Row(
        "cash_conversion_cycle",
        "everything",
        {
            "period": MAY,
            "compare": "previous_year",
            "breakdown": "none",
            "balance_basis": "closing",
            "dpo_base": "cogs",
            "firm_ids": ["f1"],
        },
        (
            (
                "/mcp/reports/sales",
                {
                    "period": MAY_2025,
                    **OF_FIRM_1,
                    **BY_MONTH,
                    "measures": ["amount", "cost"],
                    "top": 1,
                },
            ),
            (
                "/mcp/reports/sales",
                {"period": MAY, **OF_FIRM_1, **BY_MONTH, "measures": ["amount", "cost"], "top": 1},
            ),
            *(
                (
                    "/mcp/reports/purchases",
                    {
                        "period": period,
                        **OF_FIRM_1,
                        **BY_MONTH,
                        "measures": ["amount", "amount_net"],
                        "top": 1,
                    },
                )
                for period in (MAY_2025, MAY)
            ),
            *_balances("2025-05-31", OF_FIRM_1),
            *_balances("2026-05-31", OF_FIRM_1),
            _last_sale("2025-05-01", OF_FIRM_1),
            *_where((MAY["to"], "2025-05-31"), OF_FIRM_1),
        ),
    ),
    Row(
        "cash_conversion_cycle",
        "forgiving",
        {
            "period": MAY_AS_TEXT,
            "compare": "none",
            "balance_basis": "closing",
            "firm_ids": "f1",
        },
        (
            (
                "/mcp/reports/sales",
                {"period": MAY, **OF_FIRM_1, **BY_MONTH, "measures": ["amount", "cost"], "top": 1},
            ),
            (
                "/mcp/reports/purchases",
                {"period": MAY, **OF_FIRM_1, **BY_MONTH, "measures": ["amount"], "top": 1},
            ),
            *_balances("2026-05-31", OF_FIRM_1),
            _last_sale("2026-05-01", OF_FIRM_1),
        ),
    ),
]
