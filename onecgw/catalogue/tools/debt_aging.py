"""How old debts are: balances counted back over the sales or purchases of 90 days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import attrs
import msgspec

from onecgw.analysis.debt_aging import (
    BUCKET_DAYS,
    BUCKETS,
    AgedDebt,
    add_debts,
    age_debt,
    windows,
)
from onecgw.analysis.decimals import exact_sum
from onecgw.analysis.figure_table import ZERO, FigureTable
from onecgw.analysis.periods import DateRange
from onecgw.auth.caller import MONEY, SALES
from onecgw.catalogue.declaration import Arg
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import SubRequest, Upstream
from onecgw.catalogue.tools.figure_answer import OUTPUT, proof_of, table_of
from onecgw.catalogue.tools.parts import AnalysisTop, BalanceDay, FirmIds
from onecgw.catalogue.tools.purchases import PURCHASES_REPORT
from onecgw.catalogue.tools.sales import SALES_REPORT
from onecgw.catalogue.tools.settlements import PAYABLES_BALANCE, RECEIVABLES_BALANCE
from onecgw.catalogue.tools.whole_report import about_books, succeeded, whole_report
from onecgw.locales.text import say

BALANCE: Final = "balance"
# By partner and firm, because a debt to one firm is not paid by an advance to another one.
PAIR: Final = 2


@attrs.frozen(kw_only=True)
class DebtFilters:
    """What debt_aging can be narrowed by."""

    partner_ids: Annotated[
        tuple[str, ...] | None,
        Arg(about="Customers or suppliers; a group means all in it.", source="resolve_customer"),
    ] = None
    firm_ids: FirmIds = None


@attrs.frozen(kw_only=True)
class DebtAging:
    """Arguments of debt_aging."""

    side: Annotated[
        Literal["receivable", "payable"],
        Arg(about="receivable: customers owe us; payable: we owe suppliers."),
    ]
    date: BalanceDay = None
    filters: Annotated[DebtFilters | None, Arg(about="Apply together.")] = None
    top: AnalysisTop = None


@attrs.frozen(kw_only=True)
class Side:
    """The reports of one side. debt: the measure of the balances; partner: the dimension."""

    debt: str
    partner: str
    balances: TableTool
    flows: TableTool

    def filters_of(self, request: DebtAging, report: TableTool) -> object | None:
        """The filters of the request in the form of a report."""
        given = request.filters
        if given is None:
            return None
        ids = {f"{self.partner}_ids": given.partner_ids}
        return report.filters_of(**ids, firm_ids=given.firm_ids)


SIDES: Final = {
    side.debt: side
    for side in (
        Side(
            debt="receivable",
            partner="customer",
            balances=RECEIVABLES_BALANCE,
            flows=SALES_REPORT,
        ),
        Side(
            debt="payable",
            partner="supplier",
            balances=PAYABLES_BALANCE,
            flows=PURCHASES_REPORT,
        ),
    )
}


@attrs.frozen(kw_only=True)
class PartnerDebt:
    """One partner. cell: as 1C sent it."""

    cell: msgspec.Raw
    aged: AgedDebt
    advance: Decimal


def plan(request: DebtAging, upstream: Upstream) -> dict[str, SubRequest]:
    """The balances of the day, and the sales or purchases of each bucket by day."""
    side, day = SIDES[request.side], _day(request, upstream)
    requests = {
        BALANCE: whole_report(
            side.balances,
            upstream,
            group_by=(side.partner, "firm"),
            measures=(side.debt, "advance"),
            when=day,
            filters=side.filters_of(request, side.balances),
        )
    }
    for bucket, window in zip(BUCKETS, windows(day), strict=False):
        requests[bucket] = whole_report(
            side.flows,
            upstream,
            group_by=(side.partner, "firm", "day"),
            measures=("amount",),
            when=DateRange(*window),
            filters=side.filters_of(request, side.flows),
        )
    return requests


def compose(
    request: DebtAging, outcomes: Mapping[str, Any], upstream: Upstream
) -> dict[str, object]:
    """The buckets of each partner, which add up to the balance.

    Raises:
        OnecgwError: a report failed, or the buckets do not add up.
    """
    side, day = SIDES[request.side], _day(request, upstream)
    tables: dict[str, FigureTable] = {key: succeeded(value) for key, value in outcomes.items()}
    balances = tables.pop(BALANCE)
    partners = _partners(balances, _by_day(tables.values()), side, day)
    debtors = [partner for partner in partners if partner.aged.debt]
    debtors.sort(key=lambda partner: -partner.aged.debt)  # stable: 1C's order among equal debts
    total = balances.total(side.debt)
    oldest = windows(day)[-1][0]
    return {
        "date": day,
        "side": request.side,
        **table_of(
            ((side.partner, "ref"), ("oldest_day", "date")),
            ("days_outstanding", side.debt, *BUCKETS, "advance"),
            debtors,
            top=request.top,
            cells=lambda partner: _cells(partner, day),
            values=lambda several: _sums(several, side),
        ),
        "advances_without_debt": exact_sum(
            partner.advance for partner in partners if not partner.aged.debt
        ),
        "basis": {
            "method": say(f"debt_aging.method_{request.side}"),
            "counted": say("debt_aging.counted"),
            "oldest_day": say(f"debt_aging.oldest_day_{request.side}", day=oldest),
            "days_outstanding": say("debt_aging.days_outstanding", day=day),
            "reports": [side.balances.name, side.flows.name],
        },
        "proof": [
            proof_of(
                say("proof.partner_buckets"),
                (amount for partner in partners for amount in partner.aged.buckets),
                total,
                report=f"{side.balances.name} totals.{side.debt}",
            ),
            proof_of(
                say("proof.partner_advances"),
                (partner.advance for partner in partners),
                balances.total("advance"),
                report=f"{side.balances.name} totals.advance",
            ),
        ],
        **about_books((balances, *tables.values()), upstream, day),
    }


def _day(request: DebtAging, upstream: Upstream) -> date:
    return request.date or upstream.today


def _by_day(tables: Iterable[FigureTable]) -> dict[tuple[str, ...], dict[date, Decimal]]:
    """The amounts of each partner and firm by day."""
    found: dict[tuple[str, ...], dict[date, Decimal]] = defaultdict(dict)
    for table in tables:
        for row in table.rows:
            day = date.fromisoformat(msgspec.json.decode(row.cells[PAIR], type=str)[:10])
            found[row.key[:PAIR]][day] = row.values["amount"] or ZERO
    return found


def _partners(
    balances: FigureTable,
    flows: Mapping[tuple[str, ...], Mapping[date, Decimal]],
    side: Side,
    day: date,
) -> list[PartnerDebt]:
    found: dict[str, list[PartnerDebt]] = defaultdict(list)
    for row in balances.rows:
        sold = flows.get(row.key[:PAIR], {})
        aged = age_debt(row.values[side.debt] or ZERO, sold, day)
        advance = row.values["advance"] or ZERO
        found[row.key[0]].append(PartnerDebt(cell=row.cells[0], aged=aged, advance=advance))
    return [
        PartnerDebt(
            cell=parts[0].cell,
            aged=add_debts(part.aged for part in parts),
            advance=exact_sum(part.advance for part in parts),
        )
        for parts in found.values()
    ]


def _cells(partner: PartnerDebt, day: date) -> list[object]:
    aged = partner.aged
    outstanding = None if aged.oldest_day is None else (day - aged.oldest_day).days
    return [partner.cell, aged.oldest_day, outstanding, aged.debt, *aged.buckets, partner.advance]


def _sums(partners: Sequence[PartnerDebt], side: Side) -> dict[str, object]:
    together = add_debts(partner.aged for partner in partners)
    return {
        side.debt: together.debt,
        **dict(zip(BUCKETS, together.buckets, strict=True)),
        "advance": exact_sum(partner.advance for partner in partners),
    }


DEBT_AGING = CompositeTool(
    name="debt_aging",
    title="Ageing of debts",
    scopes=frozenset({SALES, MONEY}),
    about=(
        "Who owes us, or whom we owe, and since when: each debt in buckets of "
        f"{', '.join(BUCKETS)} days, the oldest unpaid day, advances beside. Counted back over the "
        f"sales or purchases of {BUCKET_DAYS[-1]} days (FIFO). `rest` adds up the rows below, "
        "`proof` shows that the buckets are the whole balance."
    ),
    request=DebtAging,
    operation="reports/debt_aging",
    tools=(RECEIVABLES_BALANCE, PAYABLES_BALANCE, SALES_REPORT, PURCHASES_REPORT),
    plan=plan,
    compose=compose,
    output={"date": {"type": "string"}, "side": {"type": "string"}, **OUTPUT},
)

TOOLS = (DEBT_AGING,)
