"""What a model has to know of a company before its first question."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import attrs
import msgspec

from onecgw.analysis.figure_table import FigureTable
from onecgw.analysis.periods import DateRange
from onecgw.auth.caller import MONEY, SALES
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.kinds.output_schema import MAY_BE_NULL
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.cycle_plan import first_open_day, latest_day
from onecgw.catalogue.tools.last_document import last_day_of
from onecgw.catalogue.tools.money import CASH_BALANCE, CASH_FLOW
from onecgw.catalogue.tools.purchases import PURCHASES_REPORT
from onecgw.catalogue.tools.sales import SALES_REPORT
from onecgw.catalogue.tools.whole_report import whole_report
from onecgw.errors import OnecgwError
from onecgw.locales.text import say
from onecgw.responses.notices import dates_of_books
from onecgw.responses.units import currency_of

FIRMS: Final = "firms"
DESKS: Final = "desks"
MOST_LISTED: Final = 50
LOOK_BACK_DAYS: Final = 731
_LOOK_BACK: Final = timedelta(days=LOOK_BACK_DAYS - 1)  # the last day counts, too
_DAY_REPORTS: Final = (SALES_REPORT, PURCHASES_REPORT, CASH_FLOW)


@attrs.frozen(kw_only=True)
class CompanyRequest:
    """Arguments of company: none."""


def plan(request: CompanyRequest, upstream: Upstream) -> dict[str, SubRequest]:  # noqa: ARG001
    """The firms that sold, the desks with their currencies, and the last day of each report."""
    last_over = first_open_day(upstream.now) - timedelta(days=1)
    last = latest_day(upstream.now)
    firms = whole_report(
        SALES_REPORT,
        upstream,
        group_by=("firm",),
        measures=("amount",),
        when=DateRange(last_over - _LOOK_BACK, last_over),
        filters=None,
    )
    desks = whole_report(
        CASH_BALANCE,
        upstream,
        group_by=("cash", "firm"),
        measures=("balance",),
        when=last_over,
        filters=None,
    )
    kept = {
        FIRMS: attrs.evolve(firms, is_settled=True),
        DESKS: attrs.evolve(desks, is_settled=True),
    }
    period = DateRange(last - _LOOK_BACK, last)
    return kept | {report.name: last_day_of(report, period) for report in _DAY_REPORTS}


def compose(
    request: CompanyRequest,  # noqa: ARG001 - one signature for all
    outcomes: Mapping[str, Any],
    upstream: Upstream,
) -> dict[str, object]:
    """What is known; a report that failed is in `missing`.

    Raises:
        OnecgwError: every report failed.
    """
    errors = {key: one for key, one in outcomes.items() if isinstance(one, OnecgwError)}
    if len(errors) == len(outcomes):
        raise next(iter(errors.values()))
    found = {key: one for key, one in outcomes.items() if key not in errors}
    days = {report.name: found.get(report.name) for report in _DAY_REPORTS}
    firms, desks = found.get(FIRMS), found.get(DESKS)
    base = upstream.capabilities
    said = {
        name: raw
        for table in (desks, firms)
        if table
        for name, raw in dates_of_books(table.members).items()
    }
    sold = [row.cells[0] for row in firms.rows] if firms else []
    own = [*map(attrs.asdict, base.firms)] or sold
    return {
        "today": upstream.today,
        "last_document_day": max((day for day in days.values() if day), default=None),
        "last_day_by_report": days,
        "base_currency": (currency_of(firms.members) if firms else "")
        or upstream.base_currency
        or None,
        "as_of": base.as_of or said.get("as_of"),
        "closed_until": base.closed_until or said.get("closed_until"),
        "firms": own[:MOST_LISTED],
        "firms_total": len(own) if base.firms or firms else None,
        "desks": [_desk(desks, row.cells) for row in desks.rows[:MOST_LISTED]] if desks else [],
        "desks_total": len(desks.rows) if desks else None,
        "backend_profile": upstream.capabilities.profile,
        "not_supported": list(_lacks(upstream.capabilities)),
        "basis": {
            "firms": say("company.own_firms")
            if base.firms
            else say("company.firms", days=LOOK_BACK_DAYS),
            "as_of": say("company.as_of"),
            "last_document_day": say("company.last_document_day"),
            "base_currency": say("company.base_currency"),
            "reports": [*(report.name for report in _DAY_REPORTS), CASH_BALANCE.name],
        },
        "missing": [{"report": key, "reason": error.reason} for key, error in errors.items()],
    }


def _desk(desks: FigureTable, cells: tuple[msgspec.Raw, ...]) -> dict[str, msgspec.Raw]:
    """The desk by dimension; its currency where 1C reports it."""
    return dict(zip(desks.dimensions, cells, strict=True))


def _lacks(capabilities: Capabilities) -> Iterator[str]:
    """What this base does not support: a tool, or some arguments of one."""
    yield from sorted(capabilities.unavailable_tools)
    yield from sorted(
        say("company.finds_nothing", resolver=f"resolve_{kind}")
        for kind in capabilities.always_empty
    )
    for tool, parts in sorted(capabilities.unsupported.items()):
        for part, names in sorted(parts.items()):
            if names:
                yield f"{tool} {part}: {', '.join(sorted(names))}"


COMPANY = CompositeTool(
    name="company",
    title="The company and its books",
    scopes=frozenset({SALES, MONEY}),
    about=(
        "Today, the last day with documents, the base currency, own firms and cash desks with "
        "their currencies, and what this 1C base does not support. Call it first: periods after "
        "the last document are empty."
    ),
    request=CompanyRequest,
    operation="reports/company",
    tools=(SALES_REPORT, CASH_BALANCE, PURCHASES_REPORT, CASH_FLOW),
    plan=plan,
    compose=compose,
    output={
        "today": {"type": "string"},
        "last_document_day": MAY_BE_NULL,
        "firms": {"type": "array", "items": {"type": "object"}},
        "desks": {"type": "array", "items": {"type": "object"}},
        "not_supported": {"type": "array", "items": {"type": "string"}},
        "missing": {"type": "array", "items": {"type": "object"}},
    },
)

TOOLS = (COMPANY,)
