"""The plan of cash_conversion_cycle: which reports of which days, and the components they serve."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

import attrs

from onecgw.analysis.cycle.figures import COMPONENTS, PURCHASES_NET
from onecgw.analysis.cycle.formulas import balance_days
from onecgw.analysis.cycle.reading import Amounts, MonthlyAmounts, read_balances, read_months
from onecgw.analysis.periods import (
    MAX_MONTHS,
    DateRange,
    compared_with,
    is_too_long,
    merged,
)
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import SubRequest
from onecgw.catalogue.tools.parts import FirmIds, RequiredPeriod
from onecgw.catalogue.tools.purchases import PURCHASES_REPORT
from onecgw.catalogue.tools.sales import SALES_REPORT
from onecgw.catalogue.tools.settlements import PAYABLES_BALANCE, RECEIVABLES_BALANCE
from onecgw.catalogue.tools.stock import STOCK_BALANCE
from onecgw.errors import Problem, ValidationFailed
from onecgw.locales.text import say

VAT: Final = "vat"  # no component of the cycle, which is known without it, too
_LATEST_ZONE: Final = timedelta(hours=-12)  # the time zone in which a day ends last
_EARLIEST_ZONE: Final = timedelta(hours=14)  # the time zone in which a day begins first

Read = Callable[[bytes], Amounts | MonthlyAmounts]


@attrs.frozen(kw_only=True)
class CashConversionCycle:
    """Arguments of cash_conversion_cycle."""

    period: RequiredPeriod
    compare: Annotated[
        Literal["none", "previous_year", "previous_period"] | None,
        Arg(about="What it changed against.", default=("previous_year",)),
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
    """A report that the cycle is computed from.

    series: its measure → the series of PeriodData. components: those that need the report.
    explained_by: the dimension by which the change of its first measure is explained.
    """

    tool: TableTool
    group_by: str
    series: Mapping[str, str]
    components: tuple[str, ...]
    explained_by: str = ""


# Grouped by counterparty: the sign of its balance distinguishes a debt from an advance.
BALANCE_SOURCES: Final = (
    Source(
        tool=STOCK_BALANCE,
        group_by="warehouse",
        series={"amount": "stock"},
        components=("dio",),
        explained_by="product_group",
    ),
    Source(
        tool=RECEIVABLES_BALANCE,
        group_by="customer",
        series={"receivable": "receivable", "advance": "advance_received"},
        components=("dso",),
        explained_by="customer",
    ),
    Source(
        tool=PAYABLES_BALANCE,
        group_by="supplier",
        series={"payable": "payable", "advance": "advance_paid"},
        components=("dpo",),
        explained_by="supplier",
    ),
)
SALES_SOURCE: Final = Source(
    tool=SALES_REPORT,
    group_by="month",
    series={"amount": "sales", "cost": "cost"},
    components=("dio", "dso"),
)
PURCHASES_SOURCE: Final = Source(
    tool=PURCHASES_REPORT,
    group_by="month",
    series={"amount": "purchases"},
    components=("dpo",),
)


@attrs.frozen
class Key:
    """Which request: a report on the balances of a day, or on the flows of a period."""

    source: Source = attrs.field(eq=lambda source: source.tool.name)
    when: date | DateRange


class CyclePlan:
    """A request with its defaults filled in.

    Raises:
        ValidationFailed: the period is too long.
    """

    def __init__(self, request: CashConversionCycle) -> None:
        self.basis = request.balance_basis or "average"
        self.dpo_base = request.dpo_base or "purchases"
        self.by_month = request.breakdown != "none"
        self.firm_ids = request.firm_ids or ()
        self.period = DateRange(request.period.first, request.period.last)
        if is_too_long(self.period):
            message = say("errors.months", most=MAX_MONTHS, period=self.period.text)
            raise ValidationFailed((Problem(path="period", message=message),))
        compare = request.compare or "previous_year"
        self.before = None if compare == "none" else compared_with(self.period, compare)
        self.periods = (self.period,) if self.before is None else (self.period, self.before)

    @property
    def flows(self) -> tuple[Source, ...]:
        """The reports on flows; against cost, purchases are needed only for the VAT on it."""
        if self.dpo_base == "purchases":
            return (SALES_SOURCE, PURCHASES_SOURCE)
        series = {"amount": "purchases", "amount_net": PURCHASES_NET}
        return (
            attrs.evolve(SALES_SOURCE, components=tuple(COMPONENTS)),
            attrs.evolve(PURCHASES_SOURCE, components=(VAT,), series=series),
        )

    def filters_of(self, tool: TableTool) -> object | None:
        """The filters of a request for a report."""
        return tool.filters_of(firm_ids=self.firm_ids) if self.firm_ids else None

    def days_of(self, period: DateRange) -> tuple[date, ...]:
        """The days for which the end-of-day balances of a period are needed."""
        months = period.months if self.by_month and period is self.period else ()
        found = {day for part in (period, *months) for day in balance_days(part, self.basis)}
        return tuple(sorted(found))

    def needs(self) -> dict[Key, tuple[tuple[str, DateRange], ...]]:
        """Every request, and the components and periods that need its answer.

        Flows come first, because most figures depend on them; then the balances of the requested
        period.
        """
        found: dict[Key, tuple[tuple[str, DateRange], ...]] = {}
        for source in self.flows:
            for reported in merged(self.periods):
                inside = [one for one in self.periods if reported.contains(one)]
                found[Key(source, reported)] = tuple(
                    (component, one) for component in source.components for one in inside
                )
        for period in self.periods:
            for day in self.days_of(period):
                for source in BALANCE_SOURCES:
                    key = Key(source, day)
                    found[key] = (*found.get(key, ()), (source.components[0], period))
        return found

    def sub_request(
        self, key: Key, needed_by: tuple[tuple[str, DateRange], ...], now: datetime
    ) -> SubRequest:
        """The request for one report, with no more measures and rows than are needed."""
        source, when = key.source, key.when
        expected: dict[str, Any] = {"report": source.tool.name, "measures": tuple(source.series)}
        if isinstance(when, DateRange):
            dated: dict[str, Any] = {"period": when}
            read: Read = partial(read_months, **expected, firm_ids=self.firm_ids, period=when)
            rows, is_settled = len(when.months), False
        else:
            dated = {"date": when}
            read = partial(read_balances, **expected, firm_ids=self.firm_ids, day=when)
            rows, is_settled = 1, when < first_open_day(now)
        return SubRequest(
            tool=source.tool,
            request=source.tool.request(
                **dated,
                filters=self.filters_of(source.tool),
                group_by=(source.group_by,),
                measures=tuple(source.series),
                top=rows,
            ),
            read=read,
            needed_by=needed_by,
            is_settled=is_settled,
        )


def first_open_day(now: datetime) -> date:
    """The first day that is not over yet in every time zone."""
    return (now + _LATEST_ZONE).date()


def latest_day(now: datetime) -> date:
    """The latest date that today can be, whatever the time zone."""
    return (now + _EARLIEST_ZONE).date()


def plan(request: CashConversionCycle, now: datetime) -> dict[Key, SubRequest]:
    """The requests to 1C; for n months with a comparison there are 3 × (2n + 1) + 2.

    Raises:
        ValidationFailed: the period is too long.
    """
    cycle_plan = CyclePlan(request)
    return {
        key: cycle_plan.sub_request(key, needs, now) for key, needs in cycle_plan.needs().items()
    }
