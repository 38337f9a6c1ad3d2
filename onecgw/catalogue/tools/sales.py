"""Reports on what was sold, to whom, and what it earned."""

from typing import Annotated, Literal

import attrs

from onecgw.analysis.cycle.books_range import QUIET_DAYS
from onecgw.auth.caller import COST_MEASURES, SALES
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds.single_call import CardTool, RankingTool
from onecgw.catalogue.kinds.tool import NameArgument
from onecgw.catalogue.tools.parts import (
    SHARE,
    ChannelIds,
    CustomerIds,
    FirmIds,
    PeriodReport,
    ProductIds,
    ProductStatus,
    RequiredPeriod,
    WarehouseIds,
)
from onecgw.catalogue.tools.references import CUSTOMER
from onecgw.catalogue.tools.table_analysis import ReportTool
from onecgw.responses.card import CardShape
from onecgw.responses.redaction import REFERENCE
from onecgw.responses.units import MeasureUnits

SalesDimension = Literal[
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
]
SalesMeasure = Literal[
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
]


@attrs.frozen(kw_only=True)
class SalesFilters:
    """What sales_report can be narrowed by."""

    customer_ids: CustomerIds = None
    warehouse_ids: WarehouseIds = None
    sales_channel_ids: ChannelIds = None
    firm_ids: FirmIds = None
    customer_cohort: Annotated[
        Literal["new", "returning"] | None,
        Arg(about="new: created in the month before the period or later."),
    ] = None
    product_ids: ProductIds = None
    seller_ids: Annotated[
        tuple[str, ...] | None, Arg(about='Ids come from group_by ["seller"].')
    ] = None
    product_status: ProductStatus = None


@attrs.frozen(kw_only=True)
class SalesReport(PeriodReport):
    """Arguments of sales_report."""

    filters: Annotated[SalesFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[SalesDimension, ...] | None,
        Arg(
            about=(
                "Row dimensions. _group: its folder, redundant beside the leaf; _parent: the top "
                "folder (B2B, B2C of channels). weekday: 1 is Monday. cohort: as customer_cohort."
            ),
            default=("warehouse", "customer"),
        ),
    ] = None
    measures: Annotated[
        tuple[SalesMeasure, ...] | None,
        Arg(
            about="amount_net: without VAT; returns: what amount is already less by.",
            default=("amount", "qty"),
            cost=COST_MEASURES,
        ),
    ] = None
    share: Annotated[
        Literal["amount", "amount_net", "returns", "qty", "cost", "profit"] | None,
        attrs.evolve(SHARE, cost=COST_MEASURES),
    ] = None


@attrs.frozen(kw_only=True)
class TopProductsFilters:
    """What top_products can be narrowed by."""

    customer_ids: CustomerIds = None
    warehouse_ids: WarehouseIds = None


@attrs.frozen(kw_only=True)
class TopProducts:
    """Arguments of top_products."""

    period: RequiredPeriod
    filters: Annotated[TopProductsFilters | None, Arg(about="Apply together.")] = None
    by: Annotated[Literal["amount", "qty"] | None, Arg(about="Ranked by; default amount.")] = None
    top: Annotated[
        int | None, Arg(about="How many; default 10.", minimum=1, maximum="max_rows")
    ] = None


@attrs.frozen(kw_only=True)
class CustomerSummary:
    """Arguments of customer_summary."""

    period: RequiredPeriod
    customer_id: Annotated[
        str | None,
        Arg(about="Not a group. This or customer.", source="resolve_customer", max_length=200),
    ] = None
    customer: Annotated[
        str | None,
        Arg(about="Instead of customer_id: the name; several fit: one is asked.", max_length=200),
    ] = None
    top_products: Annotated[
        int | None,
        Arg(about="How many best products; default 5.", minimum=1, maximum="default_rows"),
    ] = None


SALES_REPORT = ReportTool(
    name="sales_report",
    title="Sales report",
    scopes=frozenset({SALES}),
    about=(
        "Sales of a period by any dimensions: revenue, quantity, receipts, average check, trends "
        "(group_by day, week, month); net of returns. Amounts are in the base currency and include "
        "VAT. `totals` cover the whole selection, also rows not returned: never add up rows."
    ),
    remarks=(
        "cost excludes VAT; profit = amount without VAT − cost; margin is in percent.",
        "For best sellers top_products is shorter.",
        "Why profit changed is in margin_bridge.",
        "For one customer use customer_summary.",
    ),
    request=SalesReport,
    operation="reports/sales",
    units=MeasureUnits(
        money=frozenset({"amount", "amount_net", "returns", "avg_check", "cost", "profit"}),
        quantities=frozenset({"qty"}),
    ),
    quiet_days=QUIET_DAYS,
)

TOP_PRODUCTS = RankingTool(
    name="top_products",
    title="Best-selling products",
    scopes=frozenset({SALES}),
    about=(
        "The best-selling products of a period by revenue (incl. VAT, base currency) or quantity."
    ),
    remarks=("For other dimensions or measures use sales_report.",),
    request=TopProducts,
    operation="reports/top_products",
    columns=("product", "product_group", "amount", "qty"),
    contract_rows=10,
)

CUSTOMER_SUMMARY = CardTool(
    name="customer_summary",
    title="Customer card",
    scopes=frozenset({SALES}),
    about=(
        "One customer in a period: revenue (incl. VAT, base currency), quantity, receipts, "
        "average check, last purchase, best products. Give the name as customer, or customer_id."
    ),
    remarks=("What the customer owes is in receivables_balance.",),
    request=CustomerSummary,
    operation="reports/customer_summary",
    shape=CardShape(subject="customer", listed="top_products"),
    declared={
        "customer": REFERENCE,
        "totals": dict.fromkeys(("amount", "qty", "receipts", "avg_check"), REFERENCE),
        "last_purchase": REFERENCE,
        "top_products": {**REFERENCE, "product": REFERENCE, "amount": {}, "qty": {}},
    },
    contract_rows=5,
    name_argument=NameArgument(name="customer", id="customer_id", resolver=CUSTOMER),
)

TOOLS = (SALES_REPORT, TOP_PRODUCTS, CUSTOMER_SUMMARY)
