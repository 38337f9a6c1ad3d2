"""Reports on what lies in the warehouses, and on what was out of stock."""

from typing import Annotated, Literal

import attrs

from onecgw.auth.caller import STOCK
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds import TableTool
from onecgw.catalogue.tools.parts import (
    SHARE,
    BalanceDay,
    CompareDay,
    ComparePeriod,
    CompareWithDay,
    CompareWithPeriod,
    FirmIds,
    Ids,
    ProductIds,
    RequiredPeriod,
    SortedRows,
    SortKeys,
    Top,
    WarehouseIds,
)
from onecgw.catalogue.tools.table_analysis import analyse_table
from onecgw.responses.units import MeasureUnits


@attrs.frozen(kw_only=True)
class StockFilters:
    """What stock_balance can be narrowed by."""

    product_ids: ProductIds = None
    warehouse_ids: WarehouseIds = None
    firm_ids: FirmIds = None


@attrs.frozen(kw_only=True)
class StockBalance(SortedRows):
    """Arguments of stock_balance."""

    date: BalanceDay = None
    filters: Annotated[StockFilters | None, Arg(about="All given filters apply together.")] = None
    group_by: Annotated[
        tuple[Literal["warehouse", "product", "product_group", "firm"], ...] | None,
        Arg(
            about="Row dimensions; product together with product_group is redundant.",
            default=("warehouse", "product"),
        ),
    ] = None
    measures: Annotated[
        tuple[Literal["qty", "amount"], ...] | None,
        Arg(about="amount is at cost, without VAT.", default=("qty",)),
    ] = None
    top: Top = None
    sort: SortKeys = None
    compare: CompareDay = None
    compare_with: CompareWithDay = None
    share: Annotated[Literal["qty", "amount"] | None, SHARE] = None
    ids: Ids = None


STOCK_BALANCE = TableTool(
    name="stock_balance",
    title="Stock balance",
    scopes=frozenset({STOCK}),
    about=(
        "What lies in the warehouses at the end of a day: quantity and value at cost, without "
        "VAT, base currency. Negative rows are bookkeeping errors worth telling. `totals` cover "
        "the whole selection."
    ),
    remarks=("What does not sell and what runs out is in stock_cover.",),
    request=StockBalance,
    operation="reports/stock",
    additive=("qty", "amount"),
    units=MeasureUnits(money=frozenset({"amount"}), quantities=frozenset({"qty"})),
    analyse=analyse_table,
)


@attrs.frozen(kw_only=True)
class AvailabilityFilters:
    """What availability_report can be narrowed by."""

    product_ids: ProductIds = None
    warehouse_ids: WarehouseIds = None


@attrs.frozen(kw_only=True)
class AvailabilityReport(SortedRows):
    """Arguments of availability_report."""

    period: RequiredPeriod
    filters: Annotated[
        AvailabilityFilters | None, Arg(about="All given filters apply together.")
    ] = None
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
    top: Top = None
    sort: SortKeys = None
    compare: ComparePeriod = None
    compare_with: CompareWithPeriod = None
    share: Annotated[Literal["oos_days", "days"] | None, SHARE] = None
    ids: Ids = None


AVAILABILITY_REPORT = TableTool(
    name="availability_report",
    title="Product availability",
    scopes=frozenset({STOCK}),
    about=(
        "How many days of a period products were out of stock at the end of the day, per "
        "warehouse, from their first movement there on."
    ),
    request=AvailabilityReport,
    operation="reports/availability",
    additive=("oos_days", "days"),
    analyse=analyse_table,
)

TOOLS = (STOCK_BALANCE, AVAILABILITY_REPORT)
