"""The answer of cash_conversion_cycle: rounded figures, and the terms to check them by."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import attrs

from onecgw.analysis.cycle.figures import (
    BALANCES,
    COMPONENTS,
    COST_WITH_VAT,
    FLOWS,
    PURCHASES_NET,
    Figures,
    PeriodData,
    Ratio,
    figures_of,
)
from onecgw.analysis.cycle.formulas import Basis, driver
from onecgw.analysis.cycle.headline import headline_of
from onecgw.analysis.cycle.variance import VarianceStep, change_of, driving_step, variance_bridge
from onecgw.analysis.cycle.working_capital import working_capital
from onecgw.analysis.decimals import days, money
from onecgw.locales.text import join_texts, say

Json = dict[str, object]


@attrs.frozen(kw_only=True)
class CycleInput:
    """What the answer is computed from: the options of the request, and the data of 1C.

    by_month: whether the answer has figures for each month.
    now: of the period that was requested.
    before: of the period to compare with; None = no comparison.
    """

    ratios: tuple[Ratio, ...]
    basis: Basis
    by_month: bool
    now: PeriodData
    before: PeriodData | None

    def figures(self, data: PeriodData) -> Figures:
        """The figures of a whole period."""
        return figures_of(data, data.period, ratios=self.ratios, basis=self.basis)

    def monthly_figures(self) -> tuple[Figures, ...]:
        """The figures of each month of the requested period; empty unless `by_month`."""
        if not self.by_month:
            return ()
        return tuple(
            figures_of(self.now, month, ratios=self.ratios, basis=self.basis)
            for month in self.now.period.months
        )


def render(inputs: CycleInput) -> Json:
    """The members of the answer that hold figures, and `missing`."""
    now = inputs.figures(inputs.now)
    before = inputs.figures(inputs.before) if inputs.before else None
    bridge = variance_bridge(now, before)
    driving = driving_step(bridge)
    return {
        "headline": join_texts(" ", (headline_of(now, before, driving), *_outside(inputs))),
        "summary": _summary(now, before, driving),
        "months": [_month(inputs, month) for month in inputs.monthly_figures()],
        "bridge": [_step(step) for step in bridge],
        "working_capital": _working_capital(now, before),
        "basis": _basis(inputs, now, before),
        "missing": _missing(inputs),
    }


def _outside(inputs: CycleInput) -> list[str]:
    """Why a period has no figures at all."""
    return [data.outside for data in (inputs.now, inputs.before) if data and data.outside]


def _step(step: VarianceStep) -> Json:
    return {
        "component": step.component,
        "balance_effect": days(step.effects.balance),
        "flow_effect": days(step.effects.flow),
        "change": days(step.effects.change),
        "contribution": days(step.contribution),
    }


def _summary(now: Figures, before: Figures | None, driving: VarianceStep | None) -> Json:
    old = before.all_days if before else None
    changes = old and {name: change_of(value, old[name]) for name, value in now.all_days.items()}
    return {
        **_rounded_days(now.all_days),
        "previous": old and _rounded_days(old),
        "change": changes and _rounded_days(changes),
        "driver": driving and driving.component,
        "driver_effect": driving
        and driver({"balance": driving.effects.balance, "flow": driving.effects.flow}),
    }


def _rounded_days(values: Mapping[str, Fraction | None]) -> Json:
    return {name: days(value) for name, value in values.items()}


def _month(inputs: CycleInput, month: Figures) -> Json:
    period, data = month.period, inputs.now
    used = {ratio.balance: month.terms.get(ratio.name) for ratio in inputs.ratios}
    return {
        "month": f"{period.first:%Y-%m}",
        "from": period.first,
        "to": period.last,
        "days": period.days,
        **_rounded_days(month.all_days),
        **{name: money(terms.balance if terms else None) for name, terms in used.items()},
        **{series: data.flow(series, period) if series in data.flows else None for series in FLOWS},
    }


def _working_capital(now: Figures, before: Figures | None) -> Json | None:
    """The balances now and before, and the effects of days and volume on each, and in total."""
    if before is None:
        return None
    figures = ("before", "now", "change", "days_effect", "volume_effect")
    return {
        name: part and {figure: getattr(part, figure) for figure in figures}
        for name, part in working_capital(now, before).items()
    }


def _basis(inputs: CycleInput, now: Figures, before: Figures | None) -> Json:
    basis: Json = {
        "period": {"from": now.period.first, "to": now.period.last},
        "previous_period": before and {"from": before.period.first, "to": before.period.last},
        "balance_basis": inputs.basis,
    }
    for ratio in inputs.ratios:
        basis[ratio.name] = {
            "formula": say(
                f"cycle.formula_{inputs.basis}",
                balance=say(f"cycle.titles.{ratio.balance}"),
                flow=say(f"cycle.titles.{ratio.flow}"),
            ),
            **_terms(now, ratio.name),
            "previous": before and _terms(before, ratio.name),
        }
    if COST_WITH_VAT in {ratio.flow for ratio in inputs.ratios}:
        basis["vat_factor"] = _vat(inputs.now)
        basis["previous_vat_factor"] = inputs.before and _vat(inputs.before)
    basis["ccc"] = {"formula": "dio + dso − dpo"}
    basis["ccc_net"] = {"formula": "ccc − advance_days_received + advance_days_paid"}
    basis["balances"] = _balances(inputs)
    return basis


def _vat(data: PeriodData) -> Json | None:
    """What the cost is multiplied by; None where it is taken as it is."""
    if data.vat_factor is None:
        return None
    return {name: data.flow(name, data.period) for name in ("purchases", PURCHASES_NET)}


def _terms(figures: Figures, ratio: str) -> Json:
    terms = figures.terms.get(ratio)
    return {
        "days": figures.period.days,
        "numerator": money(terms.balance) if terms else None,
        "denominator": money(terms.flow) if terms else None,
    }


def _balances(inputs: CycleInput) -> list[Json]:
    """Every balance that 1C reported, at the end of its day; the averages are made of them."""
    known = [data for data in (inputs.before, inputs.now) if data is not None]
    by_day: dict[date, Json] = {}
    for series in BALANCES:
        for data in known:
            for day, balance in data.balances.get(series, {}).items():
                by_day.setdefault(day, {"date": day})[series] = balance
    return [by_day[day] for day in sorted(by_day)]


def _missing(inputs: CycleInput) -> list[Json]:
    periods = (("current", inputs.now), ("previous", inputs.before))
    return [
        {"component": component, "period": name, "reason": error.reason}
        for name, data in periods
        if data is not None
        for component in COMPONENTS
        if (error := data.missing.get(component)) is not None
    ]
