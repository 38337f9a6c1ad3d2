"""The contract's tools as the OData backend answers them: dimensions, measures, filters."""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin

import attrs

from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.tools import BY_NAME

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

    choices: filters that are one word out of a few, and the words.
    always_by: dimensions that are added to every grouping.
    drops_zero: a row whose facts are all zero is not shown.
    """

    tool: str
    operation: str
    dated: Dated
    dimensions: tuple[ReportDimension, ...]
    measures: tuple[ReportMeasure, ...]
    filters: tuple[ReportFilter, ...]
    choices: Mapping[str, tuple[str, ...]]
    default_group_by: tuple[str, ...]
    default_measures: tuple[str, ...]
    always_by: tuple[str, ...] = ()
    drops_zero: bool = False

    @property
    def dimension(self) -> Mapping[str, ReportDimension]:
        """Dimensions by name."""
        return {one.name: one for one in self.dimensions}

    @property
    def measure(self) -> Mapping[str, ReportMeasure]:
        """Measures by name."""
        return {one.name: one for one in self.measures}


# Dimensions and filters that are not the dimension of a source of the same name.
_OF: Final = {
    "account": "cash",
    "channel_parent": "sales_channel",
    "cohort": "customer",
    "cost_article_parent": "cost_article",
    "customer_group": "customer",
    "customer_parent": "customer",
    "product_group": "product",
    "product_parent": "product",
}
_STRINGS: Final = ("cohort", "currency", "weekday")
_AMOUNT: Final = ReportMeasure(name="amount", plus=("amount",))
_NET_AMOUNT: Final = ReportMeasure(name="amount_net", plus=("net",))
_QTY: Final = ReportMeasure(name="qty", plus=("qty",), places=3)


def _dimension(name: str) -> ReportDimension:
    if name in TIMES:
        derivation: Any = name
    elif name == "cohort":
        derivation = name
    else:
        derivation = {"group": "parent", "parent": "top"}.get(name.rpartition("_")[2], "itself")
    return ReportDimension(
        name=name,
        of="" if name in TIMES else _OF.get(name, name),
        derivation=derivation,
        kind="string" if name in _STRINGS else "date" if name in TIMES else "ref",
    )


def _report(
    name: str,
    *measures: ReportMeasure,
    always_by: tuple[str, ...] = (),
    either: tuple[str, ...] = (),
    drops_zero: bool = False,
) -> TabularReport:
    """The report of a tool, as its request class declares it.

    Args:
        name: of the tool.
        measures: those that a stock 1C has, and how they are computed.
        always_by: as of TabularReport.
        either: filters of which one must hold.
        drops_zero: as of TabularReport.
    """
    tool = BY_NAME[name]
    assert isinstance(tool, TableTool)  # noqa: S101 - the names stand below
    arguments = {field.name: field for field in fields_of(tool.request)}
    group_by = arguments["group_by"]
    filters = fields_of(arguments["filters"].type)
    dimensions = dict.fromkeys((*get_args(get_args(group_by.type)[0]), *always_by))
    return TabularReport(
        tool=name,
        operation=tool.operation,
        dated="period" if "period" in arguments else "date",
        dimensions=tuple(map(_dimension, dimensions)),
        measures=measures,
        filters=tuple(
            ReportFilter(
                name=one.name,
                of=one.name.removesuffix("_ids"),
                branches=one.arg.takes_groups,
                either="analytics" if one.name in either else "",
            )
            for one in filters
            if get_origin(one.type) is tuple
        ),
        choices={
            one.name: get_args(one.type) for one in filters if get_origin(one.type) is Literal
        },
        default_group_by=group_by.arg.default,
        default_measures=arguments["measures"].arg.default,
        always_by=always_by,
        drops_zero=drops_zero,
    )


def _finds_groups(kind: str) -> bool:
    request = BY_NAME[f"resolve_{kind}"].request
    return "include_groups" in [field.name for field in fields_of(request)]


_ADVANCE: Final = ReportMeasure(name="advance", plus=("advance",))
_NET_DEBT: Final = ReportMeasure(name="net", plus=("debt",), minus=("advance",))
SALES: Final = _report(
    "sales_report",
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
)
CASH_FLOW: Final = _report(
    "cash_flow",
    ReportMeasure(name="inflow", plus=("inflow",)),
    ReportMeasure(name="outflow", plus=("outflow",)),
    ReportMeasure(name="net", plus=("inflow",), minus=("outflow",)),
    either=("cost_article_ids", "customer_ids"),
)
TABULAR: Final = (
    SALES,
    _report("stock_balance", _QTY, _AMOUNT, drops_zero=True),
    _report(
        "cash_balance", ReportMeasure(name="balance", plus=("balance",)), always_by=("currency",)
    ),
    CASH_FLOW,
    _report(
        "receivables_balance",
        ReportMeasure(name="receivable", plus=("debt",)),
        _ADVANCE,
        _NET_DEBT,
        drops_zero=True,
    ),
    _report(
        "payables_balance",
        ReportMeasure(name="payable", plus=("debt",)),
        _ADVANCE,
        _NET_DEBT,
        drops_zero=True,
    ),
    _report("purchases_report", _AMOUNT, _NET_AMOUNT, _QTY),
)
# Two more are made of the sales report: the tool, and the measures that it needs.
TOP_PRODUCTS: Final = "top_products"
CUSTOMER_SUMMARY: Final = "customer_summary"
PRODUCT_DETAILS: Final = "product_details"
# Resolvers: the kind of catalogue that each searches; and those that may find groups too.
RESOLVERS: Final = tuple(
    name.removeprefix("resolve_") for name in BY_NAME if name.startswith("resolve_")
)
WITH_GROUPS: Final = tuple(kind for kind in RESOLVERS if _finds_groups(kind))
# Tool → measure → the key of the text why no stock 1C has it.
NOT_MEASURED: Final[Mapping[str, Mapping[str, str]]] = {
    "cash_balance": {"balance_base": "odata.desk_currency"}
}
# Tools that no stock base can answer → the key of the text why.
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
