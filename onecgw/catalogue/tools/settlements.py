"""Reports on who owes whom."""

from typing import Annotated, Literal

import attrs

from onecgw.auth.caller import MONEY
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.tools.parts import SHARE, BalanceReport, CustomerIds, FirmIds, SupplierIds
from onecgw.catalogue.tools.table_analysis import ReportTool
from onecgw.responses.units import MeasureUnits


@attrs.frozen(kw_only=True)
class ReceivablesFilters:
    """What receivables_balance can be narrowed by."""

    customer_ids: CustomerIds = None
    firm_ids: FirmIds = None


@attrs.frozen(kw_only=True)
class ReceivablesBalance(BalanceReport):
    """Arguments of receivables_balance."""

    filters: Annotated[ReceivablesFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[Literal["customer", "firm"], ...] | None,
        Arg(about="Row dimensions.", default=("customer",)),
    ] = None
    measures: Annotated[
        tuple[Literal["receivable", "advance", "net"], ...] | None,
        Arg(about="net = receivable − advance.", default=("receivable", "advance", "net")),
    ] = None
    share: Annotated[Literal["receivable", "advance", "net"] | None, SHARE] = None


@attrs.frozen(kw_only=True)
class PayablesFilters:
    """What payables_balance can be narrowed by."""

    supplier_ids: SupplierIds = None
    firm_ids: FirmIds = None


@attrs.frozen(kw_only=True)
class PayablesBalance(BalanceReport):
    """Arguments of payables_balance."""

    filters: Annotated[PayablesFilters | None, Arg(about="Apply together.")] = None
    group_by: Annotated[
        tuple[Literal["supplier", "firm"], ...] | None,
        Arg(about="Row dimensions.", default=("supplier",)),
    ] = None
    measures: Annotated[
        tuple[Literal["payable", "advance", "net"], ...] | None,
        Arg(about="net = payable − advance.", default=("payable", "advance", "net")),
    ] = None
    share: Annotated[Literal["payable", "advance", "net"] | None, SHARE] = None


RECEIVABLES_BALANCE = ReportTool(
    name="receivables_balance",
    title="Receivables: who owes us",
    scopes=frozenset({MONEY}),
    about=(
        "What customers owe us (receivable, ДЗ) and what they paid in advance (advance, авансы) "
        "at the end of a day; base currency, incl. VAT. Split by the sign of "
        "each customer's balance, never netted."
    ),
    remarks=(
        "For debts of ours use payables_balance.",
        "Since when somebody owes is in debt_aging.",
    ),
    request=ReceivablesBalance,
    operation="reports/receivables",
    units=MeasureUnits(money=frozenset({"receivable", "advance", "net"})),
)

PAYABLES_BALANCE = ReportTool(
    name="payables_balance",
    title="Payables: whom we owe",
    scopes=frozenset({MONEY}),
    about=(
        "What we owe suppliers (payable, КЗ) and what we paid them in advance (advance, авансы) "
        "at the end of a day; base currency, incl. VAT. Split by the sign of "
        "each supplier's balance, never netted."
    ),
    remarks=(
        "For debts to us use receivables_balance.",
        "How old our debts are is in debt_aging.",
    ),
    request=PayablesBalance,
    operation="reports/payables",
    units=MeasureUnits(money=frozenset({"payable", "advance", "net"})),
)

TOOLS = (RECEIVABLES_BALANCE, PAYABLES_BALANCE)
