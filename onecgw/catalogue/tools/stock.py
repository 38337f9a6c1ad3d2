"""The report on what lies in the warehouses."""

from typing import Annotated, Literal

import attrs

from onecgw.auth.caller import STOCK
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds import TableTool
from onecgw.catalogue.tools.parts import (
    BalanceDay,
    FirmIds,
    ProductIds,
    SortedRows,
    SortKeys,
    Top,
    WarehouseIds,
)


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


STOCK_BALANCE = TableTool(
    name="stock_balance",
    title="Stock balance",
    scopes=frozenset({STOCK}),
    about=(
        "What lies in the warehouses at the end of a day: quantity and value at cost, without "
        "VAT, base currency. Negative rows are bookkeeping errors worth telling. `totals` cover "
        "the whole selection."
    ),
    request=StockBalance,
    operation="reports/stock",
)

TOOLS = (STOCK_BALANCE,)
