"""From balances and flows to the figures of one span: every ratio, the cycle and its net."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

import attrs

from onecgw.analysis.cycle.decimals import exact_sum
from onecgw.analysis.cycle.formulas import Basis, Turnover, balance_of, cycle, net_cycle
from onecgw.analysis.cycle.periods import Span
from onecgw.errors import OnecgwError

DpoBase = Literal["purchases", "cogs"]

# The series of money that the ratios are made of, as the answer names them.
BALANCES: Final = ("stock", "receivable", "advance_received", "payable", "advance_paid")
FLOWS: Final = ("cost", "sales", "purchases")

# The parts of the cycle, and with which sign they enter it.
COMPONENTS: Final[Mapping[str, int]] = {"dio": 1, "dso": 1, "dpo": -1}


@attrs.frozen(kw_only=True)
class Ratio:
    """A balance in days of a flow.

    component: it is known when that component's reports arrived.
    """

    name: str
    component: str
    balance: str
    flow: str


def ratios_for(dpo_base: DpoBase) -> tuple[Ratio, ...]:
    """The five ratios; the base of DPO is that of the advances paid, too."""
    bought = "purchases" if dpo_base == "purchases" else "cost"
    return (
        Ratio(name="dio", component="dio", balance="stock", flow="cost"),
        Ratio(name="dso", component="dso", balance="receivable", flow="sales"),
        Ratio(name="dpo", component="dpo", balance="payable", flow=bought),
        Ratio(
            name="advance_days_received", component="dso", balance="advance_received", flow="sales"
        ),
        Ratio(name="advance_days_paid", component="dpo", balance="advance_paid", flow=bought),
    )


@attrs.frozen(kw_only=True)
class Books:
    """What 1C said of one span, by series.

    balances: at the end of a day. flows: by the first day of a month, inside the span only.
    missing: component → why its reports are not all there.
    """

    span: Span
    balances: Mapping[str, Mapping[date, Decimal]]
    flows: Mapping[str, Mapping[date, Decimal]]
    missing: Mapping[str, OnecgwError]

    def flow(self, series: str, span: Span) -> Decimal:
        """What flowed in the span or a month of it."""
        months = self.flows[series]
        return exact_sum(months[month.key] for month in span.months)


@attrs.frozen(kw_only=True)
class Figures:
    """The figures of a span or a month. turnovers: by ratio; a missing one is not there."""

    span: Span
    turnovers: Mapping[str, Turnover]

    def days(self, ratio: str) -> Fraction | None:
        """The ratio in days; None where it is missing or its flow is not above zero."""
        turnover = self.turnovers.get(ratio)
        return None if turnover is None else turnover.days_tied_up

    @property
    def ccc(self) -> Fraction | None:
        """The cash conversion cycle in days."""
        return cycle(self.days("dio"), self.days("dso"), self.days("dpo"))

    @property
    def ccc_net(self) -> Fraction | None:
        """The same less the advances."""
        return net_cycle(
            self.ccc, self.days("advance_days_received"), self.days("advance_days_paid")
        )

    @property
    def all_days(self) -> dict[str, Fraction | None]:
        """Everything that is told in days, in the order of the answer."""
        return {
            **{name: self.days(name) for name in COMPONENTS},
            "ccc": self.ccc,
            "advance_days_received": self.days("advance_days_received"),
            "advance_days_paid": self.days("advance_days_paid"),
            "ccc_net": self.ccc_net,
        }


def figures_of(books: Books, span: Span, *, ratios: tuple[Ratio, ...], basis: Basis) -> Figures:
    """The figures of the books' span, or of one of its months."""
    return Figures(
        span=span,
        turnovers={
            ratio.name: Turnover(
                balance=balance_of(span, books.balances[ratio.balance], basis),
                flow=Fraction(books.flow(ratio.flow, span)),
                days=span.days,
            )
            for ratio in ratios
            if ratio.component not in books.missing
        },
    )
