"""How long the company's money is tied up, and why: composed of five reports."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import attrs

from onecgw.analysis.cycle.answer import CycleInput, render
from onecgw.analysis.cycle.books_range import outside_books
from onecgw.analysis.cycle.figures import COMPONENTS, PURCHASES_NET, PeriodData, ratios_for
from onecgw.analysis.cycle.notes import notes_of, warnings_of
from onecgw.analysis.cycle.reading import Amounts, MonthlyAmounts
from onecgw.analysis.figure_table import FigureTable
from onecgw.analysis.periods import DateRange
from onecgw.auth.caller import COST, MONEY, SALES, STOCK
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.kinds.output_schema import MAY_BE_NULL
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.cycle_plan import (
    BALANCE_SOURCES,
    PURCHASES_SOURCE,
    SALES_SOURCE,
    CashConversionCycle,
    CyclePlan,
    Key,
    first_open_day,
    latest_day,
    plan,
)
from onecgw.catalogue.tools.cycle_where import WhereKey, where_of, where_requests
from onecgw.catalogue.tools.last_document import last_day_of
from onecgw.catalogue.tools.sales import SALES_REPORT
from onecgw.errors import OnecgwError, Problem, ValidationFailed
from onecgw.responses.response_check import FilterIgnored

LAST_SALE: Final = "last sale"

Outcomes = Mapping[Any, Amounts | MonthlyAmounts | FigureTable | date | OnecgwError | None]


def plan_with_last_sale(
    request: CashConversionCycle, upstream: Upstream
) -> dict[Key | WhereKey | str, SubRequest]:
    """The requests of the plan, the one for the last day of the books, and the lists."""
    cycle_plan = CyclePlan(request)
    first = min(period.first for period in cycle_plan.periods)
    span, filters = DateRange(first, cycle_plan.period.last), cycle_plan.filters_of(SALES_REPORT)
    last_sale = last_day_of(SALES_REPORT, span, filters)
    requests: dict[Key | WhereKey | str, SubRequest] = dict(plan(request, upstream.now).items())
    return requests | {LAST_SALE: last_sale} | where_requests(cycle_plan, upstream)


def compose(
    request: CashConversionCycle,
    outcomes: Outcomes,
    now: datetime,
    base_currency: str = "",
) -> dict[str, object]:
    """The answer from the outcomes of the requests to 1C.

    base_currency: of figures whose currency 1C does not name; "" = it is not known.

    Raises:
        OnecgwError: 1C ignored firm_ids, or no component of the period is known.
    """
    cycle_plan = CyclePlan(request)
    for outcome in outcomes.values():
        if isinstance(outcome, FilterIgnored):
            raise outcome
    data = [_period_data(cycle_plan, period, outcomes) for period in cycle_plan.periods]
    if all(component in data[0].missing for component in COMPONENTS):
        raise data[0].missing["dio"]
    last_sale = outcomes.get(LAST_SALE)
    data = [_inside_books(one, last_sale if isinstance(last_sale, date) else None) for one in data]
    data = _alike_in_vat(data)
    inputs = CycleInput(
        ratios=ratios_for(cycle_plan.dpo_base),
        basis=cycle_plan.basis,
        by_month=cycle_plan.by_month,
        now=data[0],
        before=data[1] if cycle_plan.before is not None else None,
    )
    # Flows last: they are of this moment, while balances of past days are kept.
    reports = [
        outcome
        for kind in (Amounts, MonthlyAmounts)
        for outcome in outcomes.values()
        if isinstance(outcome, kind)
    ]
    currencies = sorted({one.currency for one in reports if one.currency})
    currency = currencies[0] if currencies else base_currency
    return {
        **({"currency": currency} if currency and len(currencies) <= 1 else {}),
        **{name: raw for report in reports for name, raw in report.dated.items()},
        **render(inputs),
        "where": where_of(data, outcomes),
        "warnings": warnings_of(
            inputs,
            first_open_day=first_open_day(now),
            latest_day=latest_day(now),
            currencies=tuple(currencies),
        ),
        "notes": notes_of(inputs, cycle_plan.dpo_base),
        "applied_filters": {"firm_ids": cycle_plan.firm_ids} if cycle_plan.firm_ids else {},
    }


def _period_data(cycle_plan: CyclePlan, period: DateRange, outcomes: Outcomes) -> PeriodData:
    """The data of one period, and what is missing of it."""
    balances: dict[str, dict[date, Decimal]] = {}
    flows: dict[str, Mapping[date, Decimal]] = {}
    missing: dict[str, OnecgwError] = {}
    for key, needs in cycle_plan.needs().items():
        series_of = key.source.series
        needing = [component for component, one in needs if one == period]
        match outcomes[key]:
            case OnecgwError() as error:
                for component in needing:
                    missing.setdefault(component, error)
            case MonthlyAmounts(of=months, unreadable=unreadable) if needing:
                flows |= {series_of[measure]: sums for measure, sums in months.items()}
                for measure, error in unreadable.items():
                    for ratio in ratios_for(cycle_plan.dpo_base):
                        if ratio.reported_flow == series_of[measure]:
                            missing.setdefault(ratio.component, error)
            case Amounts(of=amounts) if needing and isinstance(key.when, date):
                for measure, series in series_of.items():
                    balances.setdefault(series, {})[key.when] = amounts[measure]
    return PeriodData(period=period, balances=balances, flows=flows, missing=missing)


def _alike_in_vat(data: list[PeriodData]) -> list[PeriodData]:
    """The periods with VAT on the cost of all of them, or of none."""
    if all(one.vat_factor is not None for one in data):
        return data
    return [
        attrs.evolve(
            one, flows={name: flow for name, flow in one.flows.items() if name != PURCHASES_NET}
        )
        for one in data
    ]


def _inside_books(data: PeriodData, last_sale: date | None) -> PeriodData:
    """The data, without any figure if the period reaches beyond the books."""
    if not (outside := outside_books(data, last_sale)):
        return data
    error = ValidationFailed((Problem(path="period", message=outside),))
    return attrs.evolve(data, outside=outside, missing=dict.fromkeys(COMPONENTS, error))


CASH_CONVERSION_CYCLE = CompositeTool(
    name="cash_conversion_cycle",
    title="Cash conversion cycle",
    scopes=frozenset({SALES, STOCK, MONEY, COST}),
    about=(
        "How many days money is tied up (CCC = DIO + DSO − DPO), what it was before, which part "
        "moved it and why; in one call. `headline` says it in words, `bridge` splits each change "
        "into balance and flow, `where` names what moved each balance most, `basis` lets an "
        "accountant check it. What stands in `missing` is unknown: say so. At most 24 months."
    ),
    request=CashConversionCycle,
    operation="reports/cash_conversion_cycle",
    tools=(*(source.tool for source in (*BALANCE_SOURCES, SALES_SOURCE, PURCHASES_SOURCE)),),
    plan=plan_with_last_sale,
    compose=lambda request, outcomes, upstream: compose(
        request, outcomes, upstream.now, upstream.base_currency
    ),
    output={
        "headline": {"type": "string"},
        "summary": {"type": "object"},
        "months": {"type": "array", "items": {"type": "object"}},
        "bridge": {"type": "array", "items": {"type": "object"}},
        "working_capital": MAY_BE_NULL,
        "where": MAY_BE_NULL,
        "basis": {"type": "object"},
        "missing": {"type": "array", "items": {"type": "object"}},
        "warnings": {"type": "array", "items": {"type": "string"}},
        "notes": {"type": "array", "items": {"type": "string"}},
        "applied_filters": {"type": "object"},
    },
)

TOOLS = (CASH_CONVERSION_CYCLE,)
