"""The contract's tools as the OData backend answers them: dimensions, measures, filters."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

Dated = Literal["period", "date"]
# How a dimension of a report is made of a dimension of a source.
Derivation = Literal[
    "itself",
    "parent",
    "top",
    "cohort",
    "day",
    "weekday",
    "week",
    "month",
    "quarter",
    "year",
]
# The finest first: what 1C is called for each of.
TIMES: Final = ("day", "weekday", "week", "month", "quarter", "year")
# The kinds of analytics as the contract names them, in the order in which reports sort.
ANALYTICS: Final = {"customer": "customer", "cost_article": "cost_article", "other_cash": "cash"}


# Filters that are one word out of a few.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "customer_cohort": ("new", "returning"),
    "product_status": ("active", "archived"),
    "own_transfers": ("exclude", "include"),
}


@attrs.frozen(kw_only=True)
class ReportDimension:
    """What rows can be grouped by. of: the dimension of a source; "" for times."""

    name: str
    of: str
    derivation: Derivation = "itself"
    kind: Literal["ref", "string", "date"] = "ref"


@attrs.frozen(kw_only=True)
class ReportMeasure:
    """A figure: facts added and subtracted, a quotient of them, or a count.

    plus, minus: facts. places: digits after the point that are always shown; 3 is a quantity,
        whose whole numbers are shown without a point; 0 is a count.
    over: a fact or a count by which `factor` times the sum is divided; half is rounded up.
    counts: a key of profile.COUNTS, of which the distinct values are counted instead.
    """

    name: str
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    places: int = 2
    over: str = ""
    factor: int = 1
    counts: str = ""

    @property
    def facts(self) -> tuple[str, ...]:
        """What sources must offer for it."""
        named = [*self.plus, *self.minus, self.over, self.counts]
        return tuple(dict.fromkeys(one for one in named if one))


@attrs.frozen(kw_only=True)
class ReportFilter:
    """What rows can be restricted to. branches: a group's id means everything below it.

    either: filters with the same mark are joined by OR; the others by AND.
    """

    name: str
    of: str
    branches: bool = False
    either: str = ""


@attrs.frozen(kw_only=True)
class TabularReport:
    """A tabular report.

    always_by: dimensions that are added to every grouping.
    drops_zero: a row whose facts are all zero is not shown.
    """

    tool: str
    operation: str
    dated: Dated
    dimensions: tuple[ReportDimension, ...]
    measures: tuple[ReportMeasure, ...]
    filters: tuple[ReportFilter, ...]
    default_group_by: tuple[str, ...]
    default_measures: tuple[str, ...]
    always_by: tuple[str, ...] = ()
    drops_zero: bool = False
    has_cohort: bool = False
    has_product_status: bool = False
    has_own_transfers: bool = False

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The filters that are one word out of a few, and the words."""
        has = {
            "customer_cohort": self.has_cohort,
            "product_status": self.has_product_status,
            "own_transfers": self.has_own_transfers,
        }
        return {name: CHOICES[name] for name in CHOICES if has[name]}

    @property
    def dimension(self) -> Mapping[str, ReportDimension]:
        """Dimensions by name."""
        return {one.name: one for one in self.dimensions}

    @property
    def measure(self) -> Mapping[str, ReportMeasure]:
        """Measures by name."""
        return {one.name: one for one in self.measures}


def _same(*names: str) -> tuple[ReportDimension, ...]:
    return tuple(ReportDimension(name=name, of=name) for name in names)


_TIMES: Final = (
    ReportDimension(name="day", of="", derivation="day", kind="date"),
    ReportDimension(name="week", of="", derivation="week", kind="date"),
    ReportDimension(name="month", of="", derivation="month", kind="date"),
)
_LONG_TIMES: Final = (
    ReportDimension(name="quarter", of="", derivation="quarter", kind="date"),
    ReportDimension(name="year", of="", derivation="year", kind="date"),
    ReportDimension(name="weekday", of="", derivation="weekday", kind="string"),
)
_PRODUCT_GROUP: Final = ReportDimension(name="product_group", of="product", derivation="parent")
_CURRENCY: Final = ReportDimension(name="currency", of="currency", kind="string")
_FIRM_IDS: Final = ReportFilter(name="firm_ids", of="firm")
_WAREHOUSE_IDS: Final = ReportFilter(name="warehouse_ids", of="warehouse")
_CUSTOMER_IDS: Final = ReportFilter(name="customer_ids", of="customer", branches=True)
_SUPPLIER_IDS: Final = ReportFilter(name="supplier_ids", of="supplier", branches=True)
_PRODUCT_IDS: Final = ReportFilter(name="product_ids", of="product", branches=True)
_AMOUNT: Final = ReportMeasure(name="amount", plus=("amount",))
_NET_AMOUNT: Final = ReportMeasure(name="amount_net", plus=("net",))
_QTY: Final = ReportMeasure(name="qty", plus=("qty",), places=3)

SALES: Final = TabularReport(
    tool="sales_report",
    operation="reports/sales",
    dated="period",
    dimensions=(
        *_same("warehouse", "customer", "product", "seller", "sales_channel", "firm"),
        *_TIMES,
        *_LONG_TIMES,
        ReportDimension(name="cohort", of="customer", derivation="cohort", kind="string"),
        _PRODUCT_GROUP,
        ReportDimension(name="customer_group", of="customer", derivation="parent"),
        ReportDimension(name="product_parent", of="product", derivation="top"),
        ReportDimension(name="customer_parent", of="customer", derivation="top"),
        ReportDimension(name="channel_parent", of="sales_channel", derivation="top"),
    ),
    measures=(
        _AMOUNT,
        _NET_AMOUNT,
        ReportMeasure(name="returns", plus=("returned",)),
        _QTY,
        ReportMeasure(name="receipts", counts="receipts", places=0),
        ReportMeasure(name="avg_check", plus=("amount",), over="receipts"),
        ReportMeasure(name="customers", counts="customers", places=0),
        ReportMeasure(name="cost", plus=("cost",)),
        ReportMeasure(name="profit", plus=("net",), minus=("cost",)),
        ReportMeasure(name="margin", plus=("net",), minus=("cost",), over="net", factor=100),
    ),
    filters=(
        _CUSTOMER_IDS,
        _WAREHOUSE_IDS,
        ReportFilter(name="sales_channel_ids", of="sales_channel", branches=True),
        _FIRM_IDS,
        _PRODUCT_IDS,
        ReportFilter(name="seller_ids", of="seller"),
    ),
    default_group_by=("warehouse", "customer"),
    default_measures=("amount", "qty"),
    has_cohort=True,
    has_product_status=True,
)
STOCK: Final = TabularReport(
    tool="stock_balance",
    operation="reports/stock",
    dated="date",
    dimensions=(*_same("warehouse", "product"), _PRODUCT_GROUP, *_same("firm")),
    measures=(_QTY, _AMOUNT),
    filters=(_PRODUCT_IDS, _WAREHOUSE_IDS, _FIRM_IDS),
    default_group_by=("warehouse", "product"),
    default_measures=("qty",),
    drops_zero=True,
    has_product_status=True,
)
CASH_BALANCE: Final = TabularReport(
    tool="cash_balance",
    operation="reports/cash_balance",
    dated="date",
    dimensions=(*_same("cash", "firm"), _CURRENCY),
    measures=(ReportMeasure(name="balance", plus=("balance",)),),
    filters=(ReportFilter(name="cash_ids", of="cash"),),
    default_group_by=("cash",),
    default_measures=("balance",),
    always_by=("currency",),
)
CASH_FLOW: Final = TabularReport(
    tool="cash_flow",
    operation="reports/cash_flow",
    dated="period",
    dimensions=(
        ReportDimension(name="account", of="cash"),
        *_same("operation", "analytics"),
        ReportDimension(name="cost_article_parent", of="cost_article", derivation="top"),
        *_same("firm"),
        *_TIMES,
    ),
    measures=(
        ReportMeasure(name="inflow", plus=("inflow",)),
        ReportMeasure(name="outflow", plus=("outflow",)),
        ReportMeasure(name="net", plus=("inflow",), minus=("outflow",)),
    ),
    filters=(
        ReportFilter(name="cash_ids", of="cash"),
        ReportFilter(name="operation_ids", of="operation"),
        ReportFilter(name="cost_article_ids", of="cost_article", branches=True, either="analytics"),
        ReportFilter(name="customer_ids", of="customer", either="analytics"),
    ),
    default_group_by=("operation",),
    default_measures=("inflow", "outflow", "net"),
    has_own_transfers=True,
)


def _settlements(
    tool: str, operation: str, *, partner: str, ids: ReportFilter, debt: str
) -> TabularReport:
    return TabularReport(
        tool=tool,
        operation=operation,
        dated="date",
        dimensions=_same(partner, "firm"),
        measures=(
            ReportMeasure(name=debt, plus=("debt",)),
            ReportMeasure(name="advance", plus=("advance",)),
            ReportMeasure(name="net", plus=("debt",), minus=("advance",)),
        ),
        filters=(ids, _FIRM_IDS),
        default_group_by=(partner,),
        default_measures=(debt, "advance", "net"),
        drops_zero=True,
    )


RECEIVABLES: Final = _settlements(
    "receivables_balance",
    "reports/receivables",
    partner="customer",
    ids=_CUSTOMER_IDS,
    debt="receivable",
)
PAYABLES: Final = _settlements(
    "payables_balance",
    "reports/payables",
    partner="supplier",
    ids=_SUPPLIER_IDS,
    debt="payable",
)
PURCHASES: Final = TabularReport(
    tool="purchases_report",
    operation="reports/purchases",
    dated="period",
    dimensions=(
        *_same("supplier", "firm", "warehouse", "product"),
        _PRODUCT_GROUP,
        *_TIMES,
        _CURRENCY,
    ),
    measures=(_AMOUNT, _NET_AMOUNT, _QTY),
    filters=(_SUPPLIER_IDS, _FIRM_IDS, _PRODUCT_IDS, _WAREHOUSE_IDS),
    default_group_by=("supplier", "month"),
    default_measures=("amount",),
)
TABULAR: Final = (SALES, STOCK, CASH_BALANCE, CASH_FLOW, RECEIVABLES, PAYABLES, PURCHASES)
# Two more are made of the sales report: the tool, and the measures that it needs.
TOP_PRODUCTS: Final = "top_products"
CUSTOMER_SUMMARY: Final = "customer_summary"
PRODUCT_DETAILS: Final = "product_details"
# Resolvers: the kind of catalogue that each searches.
RESOLVERS: Final = (
    "customer",
    "warehouse",
    "product",
    "sales_channel",
    "cash",
    "cost_article",
    "operation",
)
WITH_GROUPS: Final = ("customer", "product", "cost_article")
# Tool → measure → the key of the text why no stock 1C has it.
NOT_MEASURED: Final[Mapping[str, Mapping[str, str]]] = {
    "cash_balance": {"balance_base": "odata.desk_currency"}
}
# Tools that no stock base is asked for → the key of the text why.
NOT_ANSWERED: Final = {
    "availability_report": "odata.every_movement",
    "goods_in_transit": "odata.no_transit",
}
REPORT_BY_TOOL: Final = {report.tool: report for report in TABULAR}
TOOLS: Final = (
    *REPORT_BY_TOOL,
    TOP_PRODUCTS,
    CUSTOMER_SUMMARY,
    PRODUCT_DETAILS,
    *(f"resolve_{kind}" for kind in RESOLVERS),
)
