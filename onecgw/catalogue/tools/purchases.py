"""The report on what was bought, and from whom."""

from typing import Annotated, Literal

import attrs

from onecgw.auth.caller import MONEY
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds import TableTool
from onecgw.catalogue.tools.parts import (
    SHARE,
    ComparePeriod,
    CompareWithPeriod,
    FirmIds,
    Ids,
    ProductIds,
    RequiredPeriod,
    SortedRows,
    SortKeys,
    SupplierIds,
    Top,
    WarehouseIds,
)
from onecgw.catalogue.tools.table_analysis import analyse_table


@attrs.frozen(kw_only=True)
class PurchasesFilters:
    """What purchases_report can be narrowed by."""

    supplier_ids: SupplierIds = None
    firm_ids: FirmIds = None
    product_ids: ProductIds = None
    warehouse_ids: WarehouseIds = None


@attrs.frozen(kw_only=True)
class PurchasesReport(SortedRows):
    """Arguments of purchases_report."""

    period: RequiredPeriod
    filters: Annotated[PurchasesFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[
            Literal[
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
            ...,
        ]
        | None,
        Arg(
            about=(
                "Row dimensions; product makes product_group redundant. currency: of "
                "the documents; amounts stay in the base currency."
            ),
            default=("supplier", "month"),
        ),
    ] = None
    measures: Annotated[
        tuple[Literal["amount", "amount_net", "qty"], ...] | None,
        Arg(about="amount_net: without VAT.", default=("amount",)),
    ] = None
    top: Top = None
    sort: SortKeys = None
    compare: ComparePeriod = None
    compare_with: CompareWithPeriod = None
    share: Annotated[Literal["amount", "amount_net", "qty"] | None, SHARE] = None
    ids: Ids = None


PURCHASES_REPORT = TableTool(
    name="purchases_report",
    title="Purchases report",
    scopes=frozenset({MONEY}),
    about=(
        "What was bought in a period, net of returns to suppliers; amounts incl. VAT, base "
        "currency. `totals` cover the whole selection."
    ),
    remarks=("For what is still unpaid use payables_balance.",),
    request=PurchasesReport,
    operation="reports/purchases",
    additive=("amount", "amount_net", "qty"),
    analyse=analyse_table,
)

TOOLS = (PURCHASES_REPORT,)
