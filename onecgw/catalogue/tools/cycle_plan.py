"""What cash_conversion_cycle asks of 1C: which reports, of which days, and who needs them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

import attrs

from onecgw.analysis.cycle.figures import COMPONENTS
from onecgw.analysis.cycle.formulas import balance_days
from onecgw.analysis.cycle.periods import (
    MAX_MONTHS,
    Span,
    compared_with,
    is_too_long,
    merged,
)
from onecgw.analysis.cycle.reading import Amounts, MonthlyAmounts, read_balances, read_months
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds import SubRequest, TableTool
from onecgw.catalogue.tools.parts import FirmIds, Period, RequiredPeriod
from onecgw.catalogue.tools.purchases import PURCHASES_REPORT, PurchasesFilters
from onecgw.catalogue.tools.sales import SALES_REPORT, SalesFilters
from onecgw.catalogue.tools.settlements import (
    PAYABLES_BALANCE,
    RECEIVABLES_BALANCE,
    PayablesFilters,
    ReceivablesFilters,
)
from onecgw.catalogue.tools.stock import STOCK_BALANCE, StockFilters
from onecgw.errors import Problem, ValidationFailed

_LATEST_ZONE: Final = timedelta(hours=-12)  # where on Earth a day ends last

Read = Callable[[bytes], Amounts | MonthlyAmounts]


@attrs.frozen(kw_only=True)
class CashConversionCycle:
    """Arguments of cash_conversion_cycle."""

    period: RequiredPeriod
    compare: Annotated[
        Literal["none", "previous_period", "previous_year"] | None,
        Arg(about="What it changed against.", default=("previous_period",)),
    ] = None
    breakdown: Annotated[
        Literal["none", "month"] | None, Arg(about="Figures per month.", default=("month",))
    ] = None
    balance_basis: Annotated[
        Literal["average", "closing"] | None,
        Arg(about="Balances over month ends, or at the end.", default=("average",)),
    ] = None
    dpo_base: Annotated[
        Literal["purchases", "cogs"] | None,
        Arg(about="What payables are divided by.", default=("purchases",)),
    ] = None
    firm_ids: FirmIds = None


@attrs.frozen(kw_only=True)
class Source:
    """A report that the cycle is made of.

    series: its measure → the series of money that it tells. components: those that need it.
    """

    tool: TableTool
    filters: type
    group_by: str
    series: Mapping[str, str]
    components: tuple[str, ...]


# Grouped by counterparty, because debts and advances are split by the sign of each one's balance.
BALANCE_SOURCES: Final = (
    Source(
        tool=STOCK_BALANCE,
        filters=StockFilters,
        group_by="warehouse",
        series={"amount": "stock"},
        components=("dio",),
    ),
    Source(
        tool=RECEIVABLES_BALANCE,
        filters=ReceivablesFilters,
        group_by="customer",
        series={"receivable": "receivable", "advance": "advance_received"},
        components=("dso",),
    ),
    Source(
        tool=PAYABLES_BALANCE,
        filters=PayablesFilters,
        group_by="supplier",
        series={"payable": "payable", "advance": "advance_paid"},
        components=("dpo",),
    ),
)
SALES_SOURCE: Final = Source(
    tool=SALES_REPORT,
    filters=SalesFilters,
    group_by="month",
    series={"amount": "sales", "cost": "cost"},
    components=("dio", "dso"),
)
PURCHASES_SOURCE: Final = Source(
    tool=PURCHASES_REPORT,
    filters=PurchasesFilters,
    group_by="month",
    series={"amount": "purchases"},
    components=("dpo",),
)


@attrs.frozen
class Key:
    """Which request: a report on the balances of a day, or on the flows of a span."""

    source: Source = attrs.field(eq=lambda source: source.tool.name)
    when: date | Span


class Asked:
    """A request with its defaults filled in.

    Raises:
        ValidationFailed: the period is too long.
    """

    def __init__(self, request: CashConversionCycle) -> None:
        self.basis = request.balance_basis or "average"
        self.dpo_base = request.dpo_base or "purchases"
        self.by_month = request.breakdown != "none"
        self.firm_ids = request.firm_ids or ()
        self.span = Span(request.period.from_, request.period.to)
        _check(self.span)
        self.before = compared_with(self.span, request.compare or "previous_period")
        self.spans = (self.span,) if self.before is None else (self.span, self.before)

    @property
    def flows(self) -> tuple[Source, ...]:
        """The reports on flows; without purchases where nothing is divided by them."""
        if self.dpo_base == "purchases":
            return (SALES_SOURCE, PURCHASES_SOURCE)
        return (attrs.evolve(SALES_SOURCE, components=tuple(COMPONENTS)),)

    def days_of(self, span: Span) -> tuple[date, ...]:
        """The days at whose end the balances of a span must be known."""
        months = span.months if self.by_month and span is self.span else ()
        found = {day for part in (span, *months) for day in balance_days(part, self.basis)}
        return tuple(sorted(found))

    def needs(self) -> dict[Key, tuple[tuple[str, Span], ...]]:
        """Every question, and the components of the spans that need its answer.

        Flows come first, for most depends on them; then the balances of the period itself.
        """
        found: dict[Key, tuple[tuple[str, Span], ...]] = {}
        for source in self.flows:
            for asked in merged(self.spans):
                inside = [one for one in self.spans if asked.contains(one)]
                found[Key(source, asked)] = tuple(
                    (component, one) for component in source.components for one in inside
                )
        for span in self.spans:
            for day in self.days_of(span):
                for source in BALANCE_SOURCES:
                    key = Key(source, day)
                    found[key] = (*found.get(key, ()), (source.components[0], span))
        return found

    def question(
        self, key: Key, needed_by: tuple[tuple[str, Span], ...], now: datetime
    ) -> SubRequest:
        """One report, of which only what is needed is asked for."""
        source, when = key.source, key.when
        told: dict[str, Any] = {"report": source.tool.name, "measures": tuple(source.series)}
        if isinstance(when, Span):
            dated: dict[str, Any] = {"period": Period(from_=when.first, to=when.last)}
            read: Read = partial(read_months, **told, firm_ids=self.firm_ids, span=when)
            rows, is_settled = len(when.months), False
        else:
            dated = {"date": when}
            read = partial(read_balances, **told, firm_ids=self.firm_ids, day=when)
            rows, is_settled = 1, when < first_open_day(now)
        return SubRequest(
            tool=source.tool,
            request=source.tool.request(
                **dated,
                filters=source.filters(firm_ids=self.firm_ids) if self.firm_ids else None,
                group_by=(source.group_by,),
                measures=tuple(source.series),
                top=rows,
            ),
            read=read,
            needed_by=needed_by,
            is_settled=is_settled,
        )


def first_open_day(now: datetime) -> date:
    """The first day that is not over yet somewhere on Earth."""
    return (now + _LATEST_ZONE).date()


def plan(request: CashConversionCycle, now: datetime) -> dict[Key, SubRequest]:
    """The questions to 1C; for n months with a comparison 3 × (2n + 1) + 2 of them.

    Raises:
        ValidationFailed: the period is too long.
    """
    asked = Asked(request)
    return {key: asked.question(key, needs, now) for key, needs in asked.needs().items()}


def _check(span: Span) -> None:
    if is_too_long(span):
        message = f"at most {MAX_MONTHS} months are accepted; got {span}"
        raise ValidationFailed((Problem(path="period", message=message),))
