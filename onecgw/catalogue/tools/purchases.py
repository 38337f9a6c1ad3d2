"""The report on what was bought, and from whom."""

from typing import Annotated, Literal

import attrs

from onecgw.auth.caller import MONEY
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.tools.parts import (
    SHARE,
    FirmIds,
    PeriodReport,
    ProductIds,
    Sort,
    SupplierIds,
    WarehouseIds,
)
from onecgw.catalogue.tools.table_analysis import ReportTool
from onecgw.responses.units import MeasureUnits


@attrs.frozen(kw_only=True)
class PurchasesFilters:
    """What purchases_report can be narrowed by."""

    supplier_ids: SupplierIds = None
    firm_ids: FirmIds = None
    product_ids: ProductIds = None
    warehouse_ids: WarehouseIds = None


@attrs.frozen(kw_only=True)
class PurchasesReport(PeriodReport):
    """Arguments of purchases_report."""

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
    share: Annotated[Literal["amount", "amount_net", "qty"] | None, SHARE] = None


def _largest_first(request: PurchasesReport) -> PurchasesReport:
    """The request in the order of its first measure: the default rows have a month, too."""
    first = request.measures[0] if request.measures else "amount"
    return attrs.evolve(request, sort=(Sort(field=first, dir="desc"),))


PURCHASES_REPORT = ReportTool(
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
    ranked=_largest_first,
    units=MeasureUnits(money=frozenset({"amount", "amount_net"}), quantities=frozenset({"qty"})),
)

TOOLS = (PURCHASES_REPORT,)
