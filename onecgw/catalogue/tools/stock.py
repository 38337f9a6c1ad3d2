"""Reports on what lies in the warehouses, and on what was out of stock."""

from typing import Annotated, Final, Literal

import attrs

from onecgw.auth.caller import STOCK
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.tools.parts import (
    SHARE,
    BalanceReport,
    FirmIds,
    PeriodReport,
    ProductIds,
    ProductStatus,
    SupplierIds,
    WarehouseIds,
)
from onecgw.catalogue.tools.table_analysis import ReportTool
from onecgw.responses.units import MeasureUnits

STOCK_VALUE: Final = frozenset({"amount"})
"""Stock at cost: with the quantity it gives the cost of a unit."""


@attrs.frozen(kw_only=True)
class StockFilters:
    """What stock_balance can be narrowed by."""

    product_ids: ProductIds = None
    warehouse_ids: WarehouseIds = None
    firm_ids: FirmIds = None
    product_status: ProductStatus = None


@attrs.frozen(kw_only=True)
class StockBalance(BalanceReport):
    """Arguments of stock_balance."""

    filters: Annotated[StockFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[Literal["warehouse", "product", "product_group", "firm"], ...] | None,
        Arg(
            about="Row dimensions; product makes product_group redundant.",
            default=("warehouse", "product"),
        ),
    ] = None
    measures: Annotated[
        tuple[Literal["qty", "amount"], ...] | None,
        Arg(about="Figures per row.", default=("qty",), cost=STOCK_VALUE),
    ] = None
    share: Annotated[Literal["qty", "amount"] | None, attrs.evolve(SHARE, cost=STOCK_VALUE)] = None


STOCK_BALANCE = ReportTool(
    name="stock_balance",
    title="Stock balance",
    scopes=frozenset({STOCK}),
    about=(
        "What lies in the warehouses at the end of a day. Negative rows are bookkeeping errors "
        "worth telling. `totals` cover the whole selection."
    ),
    remarks=(
        "amount: value at cost, without VAT, base currency.",
        "What does not sell and what runs out is in stock_cover.",
    ),
    request=StockBalance,
    operation="reports/stock",
    stock_value=STOCK_VALUE,
    units=MeasureUnits(money=frozenset({"amount"}), quantities=frozenset({"qty"})),
)


@attrs.frozen(kw_only=True)
class AvailabilityFilters:
    """What availability_report can be narrowed by."""

    product_ids: ProductIds = None
    warehouse_ids: WarehouseIds = None


@attrs.frozen(kw_only=True)
class AvailabilityReport(PeriodReport):
    """Arguments of availability_report."""

    filters: Annotated[AvailabilityFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[Literal["product", "product_group", "warehouse", "week"], ...] | None,
        Arg(about="Row dimensions.", default=("product", "warehouse")),
    ] = None
    measures: Annotated[
        tuple[Literal["oos_days", "days", "availability_pct", "avg_qty"], ...] | None,
        Arg(
            about="oos_days: days out of stock, of so many days; avg_qty: mean stock.",
            default=("oos_days", "availability_pct"),
        ),
    ] = None
    share: Annotated[Literal["oos_days", "days"] | None, SHARE] = None


AVAILABILITY_REPORT = ReportTool(
    name="availability_report",
    title="Product availability",
    scopes=frozenset({STOCK}),
    about=(
        "How many days of a period products were out of stock at the end of the day, per "
        "warehouse, from their first movement there on."
    ),
    request=AvailabilityReport,
    operation="reports/availability",
)


@attrs.frozen(kw_only=True)
class TransitFilters:
    """What goods_in_transit can be narrowed by."""

    product_ids: ProductIds = None
    warehouse_ids: WarehouseIds = None
    firm_ids: FirmIds = None
    supplier_ids: SupplierIds = None


@attrs.frozen(kw_only=True)
class GoodsInTransit(BalanceReport):
    """Arguments of goods_in_transit."""

    filters: Annotated[TransitFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[
            Literal[
                "warehouse",
                "product",
                "product_group",
                "firm",
                "supplier",
                "document",
                "delivery_date",
            ],
            ...,
        ]
        | None,
        Arg(about="Row dimensions.", default=("supplier", "delivery_date")),
    ] = None
    measures: Annotated[
        tuple[Literal["qty", "amount", "amount_in_currency"], ...] | None,
        Arg(
            about="amount: base currency; amount_in_currency: of the document.",
            default=("qty", "amount"),
        ),
    ] = None
    share: Annotated[Literal["qty", "amount", "amount_in_currency"] | None, SHARE] = None


GOODS_IN_TRANSIT = ReportTool(
    name="goods_in_transit",
    title="Goods in transit",
    scopes=frozenset({STOCK}),
    about=(
        "What suppliers have sent and has not arrived by the end of a day, and when it is due; "
        "amounts incl. VAT."
    ),
    remarks=("It is not in stock_balance yet.",),
    request=GoodsInTransit,
    operation="reports/goods_in_transit",
    quiet_days=None,  # on some days nothing is on the way
    units=MeasureUnits(
        money=frozenset({"amount"}),
        own_currency=frozenset({"amount_in_currency"}),
        quantities=frozenset({"qty"}),
    ),
)

TOOLS = (STOCK_BALANCE, AVAILABILITY_REPORT, GOODS_IN_TRANSIT)
