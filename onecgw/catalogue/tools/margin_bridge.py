"""Why profit changed: the effects of price, unit cost, volume and mix between two periods."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import attrs

from onecgw.analysis.decimals import EXACT
from onecgw.analysis.figure_table import ZERO, FigureTable
from onecgw.analysis.margin_bridge import EFFECTS, ProfitChange, Sold, add_changes, bridge
from onecgw.analysis.periods import DateRange, Earlier, compared_with
from onecgw.auth.caller import COST, SALES
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.figure_answer import OUTPUT, proof_of, table_of
from onecgw.catalogue.tools.parts import AnalysisTop, RequiredPeriod
from onecgw.catalogue.tools.sales import SALES_REPORT, SalesFilters
from onecgw.catalogue.tools.whole_report import about_books, succeeded, whole_report
from onecgw.locales.text import say

NOW: Final = "now"
BEFORE: Final = "before"
_MEASURES: Final = ("qty", "cost", "profit")


@attrs.frozen(kw_only=True)
class MarginBridge:
    """Arguments of margin_bridge."""

    period: RequiredPeriod
    compare: Annotated[
        Earlier | None,
        Arg(about="The period before.", default=("previous_year",)),
    ] = None
    by: Annotated[
        Literal["product", "product_group"] | None,
        Arg(about="What the effects are computed for.", default=("product",)),
    ] = None
    filters: Annotated[SalesFilters | None, Arg(about="Apply together.")] = None
    top: AnalysisTop = None


def plan(request: MarginBridge, upstream: Upstream) -> dict[str, SubRequest]:
    """The sales of both periods."""
    return {
        name: whole_report(
            SALES_REPORT,
            upstream,
            group_by=(request.by or "product",),
            measures=_MEASURES,
            when=period,
            filters=request.filters,
        )
        for name, period in ((NOW, request.period), (BEFORE, _before(request)))
    }


def compose(
    request: MarginBridge,
    outcomes: Mapping[str, Any],
    upstream: Upstream,
) -> dict[str, object]:
    """The effects, which add up to the change of profit.

    Raises:
        OnecgwError: a report failed, or the effects do not add up.
    """
    now: FigureTable = succeeded(outcomes[NOW])
    before: FigureTable = succeeded(outcomes[BEFORE])
    earlier, by = _before(request), request.by or "product"
    changes = bridge(_sold(now), _sold(before))
    cells = {row.key[0]: row.cells[0] for row in (*before.rows, *now.rows)}
    rows = sorted(changes.items(), key=lambda item: (-EXACT.abs(item[1].change), item[0]))
    profit = (before.total("profit"), now.total("profit"))
    return {
        "period": _days_of(request.period),
        "previous": _days_of(earlier),
        **table_of(
            ((by, "ref"),),
            ("profit_before", "profit", "change", *EFFECTS),
            rows,
            top=request.top,
            cells=lambda item: [cells[item[0]], *_figures(item[1]).values()],
            values=_sums,
        ),
        "basis": {
            **{
                name: say(f"margin_bridge.{name}")
                for name in ("profit", "price", "unit_cost", "volume", "mix", "growth")
            },
            "reports": [SALES_REPORT.name],
        },
        "proof": [
            proof_of(
                say(f"proof.effects_{by}"),
                (effect for change in changes.values() for effect in change.effects.values()),
                EXACT.subtract(profit[1], profit[0]),
                report=f"{SALES_REPORT.name} totals.profit, {profit[1]} − {profit[0]}",
            )
        ],
        **about_books((now, before), upstream, request.period.last),
    }


def _before(request: MarginBridge) -> DateRange:
    return compared_with(request.period, request.compare or "previous_year")


def _sold(table: FigureTable) -> dict[str, Sold]:
    found = {}
    for row in table.rows:
        qty, cost, profit = (row.values[name] or ZERO for name in _MEASURES)
        found[row.key[0]] = Sold(qty=qty, revenue=EXACT.add(profit, cost), cost=cost)
    return found


def _figures(change: ProfitChange) -> dict[str, object]:
    return {
        "profit_before": change.before,
        "profit": change.now,
        "change": change.change,
        **change.effects,
    }


def _sums(items: Sequence[tuple[str, ProfitChange]]) -> dict[str, object]:
    return _figures(add_changes(change for _, change in items))


def _days_of(period: DateRange) -> dict[str, object]:
    return {"from": period.first, "to": period.last}


MARGIN_BRIDGE = CompositeTool(
    name="margin_bridge",
    title="Why profit changed",
    scopes=frozenset({SALES, COST}),
    about=(
        "Why the gross profit of a period differs from that of the period before: the effects of "
        "price, unit cost, volume and mix, in all (`totals`) and for the products that moved it "
        "most. The effects add up to the change to the kopeck (`proof`)."
    ),
    request=MarginBridge,
    operation="reports/margin_bridge",
    tools=(SALES_REPORT,),
    plan=plan,
    compose=compose,
    output={"period": {"type": "object"}, "previous": {"type": "object"}, **OUTPUT},
)

TOOLS = (MARGIN_BRIDGE,)
