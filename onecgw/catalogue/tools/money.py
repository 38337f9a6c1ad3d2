"""Reports on cash: what there is, what came and went."""

from typing import Annotated, Literal

import attrs

from onecgw.auth.caller import MONEY
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.tools.parts import SHARE, BalanceReport, PeriodReport
from onecgw.catalogue.tools.table_analysis import ReportTool
from onecgw.responses.units import MeasureUnits

CashIds = Annotated[tuple[str, ...] | None, Arg(about="Desks, accounts.", source="resolve_cash")]


@attrs.frozen(kw_only=True)
class CashBalanceFilters:
    """What cash_balance can be narrowed by."""

    cash_ids: CashIds = None


@attrs.frozen(kw_only=True)
class CashBalance(BalanceReport):
    """Arguments of cash_balance."""

    filters: Annotated[CashBalanceFilters | None, Arg(about="Narrows the desks.")] = None
    group_by: Annotated[
        tuple[Literal["cash", "firm"], ...] | None,
        Arg(about="Row dimensions.", default=("cash",)),
    ] = None
    measures: Annotated[
        tuple[Literal["balance", "balance_base"], ...] | None,
        Arg(about="balance_base: base currency.", default=("balance",)),
    ] = None
    share: Annotated[Literal["balance", "balance_base"] | None, SHARE] = None


@attrs.frozen(kw_only=True)
class CashFlowFilters:
    """What cash_flow can be narrowed by."""

    cash_ids: CashIds = None
    operation_ids: Annotated[
        tuple[str, ...] | None, Arg(about="Kinds of operations.", source="resolve_operation")
    ] = None
    cost_article_ids: Annotated[
        tuple[str, ...] | None,
        Arg(about="A group means all in it.", source="resolve_cost_article", takes_groups=True),
    ] = None
    customer_ids: Annotated[
        tuple[str, ...] | None,
        Arg(about="With cost_article_ids: either matches (OR).", source="resolve_customer"),
    ] = None
    own_transfers: Annotated[
        Literal["exclude", "include"] | None,
        Arg(about="Between own desks; default include."),
    ] = None


@attrs.frozen(kw_only=True)
class CashFlow(PeriodReport):
    """Arguments of cash_flow."""

    filters: Annotated[CashFlowFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[
            Literal[
                "account",
                "operation",
                "analytics",
                "cost_article_parent",
                "firm",
                "day",
                "week",
                "month",
            ],
            ...,
        ]
        | None,
        Arg(
            about="account: the desk; analytics: the cost article or counterparty.",
            default=("operation",),
        ),
    ] = None
    measures: Annotated[
        tuple[Literal["inflow", "outflow", "net"], ...] | None,
        Arg(about="Figures per row.", default=("inflow", "outflow", "net")),
    ] = None
    share: Annotated[Literal["inflow", "outflow", "net"] | None, SHARE] = None


CASH_BALANCE = ReportTool(
    name="cash_balance",
    title="Cash balance",
    scopes=frozenset({MONEY}),
    about=(
        "Money in cash desks and bank accounts at the end of a day, each in its OWN currency; "
        "a total over several is null."
    ),
    request=CashBalance,
    operation="reports/cash_balance",
    units=MeasureUnits(money=frozenset({"balance_base"}), own_currency=frozenset({"balance"})),
)

CASH_FLOW = ReportTool(
    name="cash_flow",
    title="Cash flow",
    scopes=frozenset({MONEY}),
    about=(
        "Money that came in and went out in a period, in the base currency, by operation, desk, "
        "cost article or counterparty, and over time. It shows payments, not revenue or debts."
    ),
    remarks=(
        "For revenue use sales_report.",
        "For debts use receivables_balance and payables_balance.",
    ),
    request=CashFlow,
    operation="reports/cash_flow",
    units=MeasureUnits(money=frozenset({"inflow", "outflow", "net"})),
)

TOOLS = (CASH_BALANCE, CASH_FLOW)
