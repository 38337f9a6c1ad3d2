"""From the balances and flows of one period to its figures: the ratios, CCC and net CCC."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

import attrs

from onecgw.analysis.cycle.formulas import Basis, RatioTerms, balance_of, cycle, net_cycle
from onecgw.analysis.decimals import exact_sum
from onecgw.analysis.periods import DateRange
from onecgw.errors import OnecgwError

DpoBase = Literal["purchases", "cogs"]

# The series of amounts that the ratios are computed from, under their names in the answer.
BALANCES: Final = ("stock", "receivable", "advance_received", "payable", "advance_paid")
FLOWS: Final = ("cost", "sales", "purchases")
PURCHASES_NET: Final = "purchases_net"  # without VAT: with purchases it gives the VAT
COST_WITH_VAT: Final = "cost_with_vat"  # derived: payables include VAT, and cost does not

# The components of the cycle, and the sign of each one in the sum.
COMPONENTS: Final[Mapping[str, int]] = {"dio": 1, "dso": 1, "dpo": -1}


@attrs.frozen(kw_only=True)
class Ratio:
    """The definition of a ratio: how many days of a flow a balance corresponds to.

    component: the ratio is known if the reports of this component arrived.
    balance: one of BALANCES. flow: one of FLOWS, or COST_WITH_VAT.
    """

    name: str
    component: str
    balance: str
    flow: str

    @property
    def reported_flow(self) -> str:
        """The flow that 1C reports, of which the ratio's own is made."""
        return "cost" if self.flow == COST_WITH_VAT else self.flow


def ratios_for(dpo_base: DpoBase) -> tuple[Ratio, ...]:
    """The five ratios; the advances paid are divided by the same flow as DPO."""
    bought = "purchases" if dpo_base == "purchases" else COST_WITH_VAT
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
class PeriodData:
    """The data that 1C reported for one period, by series.

    balances: at the end of each day.
    flows: in the month with that first day, as far as the month is inside the period.
    missing: component → why one of its reports is missing.
    outside: why the period reaches beyond the books, a sentence; "" if it does not.
    """

    period: DateRange
    balances: Mapping[str, Mapping[date, Decimal]]
    flows: Mapping[str, Mapping[date, Decimal]]
    missing: Mapping[str, OnecgwError]
    outside: str = ""

    def flow(self, series: str, period: DateRange) -> Decimal:
        """The flow of the period, or of a month of it."""
        months = self.flows[series]
        return exact_sum(months[month.key] for month in period.months)

    @property
    def vat_factor(self) -> Fraction | None:
        """Purchases with VAT by purchases without it; None where they are not both above zero."""
        if PURCHASES_NET not in self.flows or "purchases" not in self.flows:
            return None
        with_vat, net = (self.flow(name, self.period) for name in ("purchases", PURCHASES_NET))
        return Fraction(with_vat) / Fraction(net) if net > 0 and with_vat > 0 else None

    def exact_flow(self, series: str, period: DateRange) -> Fraction:
        """The flow as a fraction; of COST_WITH_VAT, the cost with VAT as far as that is known."""
        if series != COST_WITH_VAT:
            return Fraction(self.flow(series, period))
        return Fraction(self.flow("cost", period)) * (self.vat_factor or 1)


@attrs.frozen(kw_only=True)
class Figures:
    """The figures of a period or a month. terms: by ratio; without those that are missing."""

    period: DateRange
    terms: Mapping[str, RatioTerms]

    def days(self, ratio: str) -> Fraction | None:
        """The ratio in days; None where it is missing or its flow is not above zero."""
        terms = self.terms.get(ratio)
        return None if terms is None else terms.days_tied_up

    @property
    def ccc(self) -> Fraction | None:
        """The cash conversion cycle in days."""
        return cycle(self.days("dio"), self.days("dso"), self.days("dpo"))

    @property
    def ccc_net(self) -> Fraction | None:
        """CCC less the days of advances received, plus the days of advances paid."""
        return net_cycle(
            self.ccc, self.days("advance_days_received"), self.days("advance_days_paid")
        )

    @property
    def all_days(self) -> dict[str, Fraction | None]:
        """Every figure in days, in the order of the answer."""
        return {
            **{name: self.days(name) for name in COMPONENTS},
            "ccc": self.ccc,
            "advance_days_received": self.days("advance_days_received"),
            "advance_days_paid": self.days("advance_days_paid"),
            "ccc_net": self.ccc_net,
        }


def figures_of(
    data: PeriodData, period: DateRange, *, ratios: tuple[Ratio, ...], basis: Basis
) -> Figures:
    """The figures of the data's period, or of one of its months."""
    return Figures(
        period=period,
        terms={
            ratio.name: RatioTerms(
                balance=balance_of(period, data.balances[ratio.balance], basis),
                flow=data.exact_flow(ratio.flow, period),
                days=period.days,
            )
            for ratio in ratios
            if ratio.component not in data.missing
        },
    )
