"""The answer of the cycle: figures rounded and laid out so that an accountant can follow them."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Final

import attrs

from onecgw.analysis.cycle.figures import (
    BALANCES,
    COMPONENTS,
    FLOWS,
    Books,
    Figures,
    Ratio,
    figures_of,
)
from onecgw.analysis.cycle.formulas import Basis, cash_effect, driver
from onecgw.analysis.cycle.headline import headline_of
from onecgw.analysis.cycle.rounding import days, money
from onecgw.analysis.cycle.variance import Step, bridge_of, change_of, driving_step

Json = dict[str, object]

_TITLES: Final = {
    "stock": "stock at cost",
    "receivable": "receivables",
    "advance_received": "advances received",
    "payable": "payables",
    "advance_paid": "advances paid",
    "cost": "cost of goods sold",
    "sales": "sales incl. VAT",
    "purchases": "purchases incl. VAT",
}


@attrs.frozen(kw_only=True)
class Inquiry:
    """What was asked, and what 1C said to it.

    before: the span that is compared with, if any. by_month: whether months are told.
    """

    ratios: tuple[Ratio, ...]
    basis: Basis
    by_month: bool
    now: Books
    before: Books | None

    def figures(self, books: Books) -> Figures:
        """The figures of a whole span."""
        return figures_of(books, books.span, ratios=self.ratios, basis=self.basis)

    def monthly_figures(self) -> tuple[Figures, ...]:
        """The figures of each month of the span that was asked for."""
        if not self.by_month:
            return ()
        return tuple(
            figures_of(self.now, month, ratios=self.ratios, basis=self.basis)
            for month in self.now.span.months
        )


def render(inquiry: Inquiry) -> Json:
    """The members that tell figures: headline, summary, months, bridge, cash_effect, basis."""
    now = inquiry.figures(inquiry.now)
    before = inquiry.figures(inquiry.before) if inquiry.before else None
    bridge = bridge_of(now, before)
    driving = driving_step(bridge)
    return {
        "headline": headline_of(now, before, driving),
        "summary": _summary(now, before, driving),
        "months": [_month(inquiry, month) for month in inquiry.monthly_figures()],
        "bridge": [_told(step) for step in bridge],
        "cash_effect": _cash_effect(now, before),
        "basis": _basis(inquiry, now, before),
        "missing": _missing(inquiry),
    }


def _told(step: Step) -> Json:
    return {
        "component": step.component,
        "balance_effect": days(step.effects.balance),
        "flow_effect": days(step.effects.flow),
        "change": days(step.effects.change),
        "contribution": days(step.contribution),
    }


def _summary(now: Figures, before: Figures | None, driving: Step | None) -> Json:
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


def _month(inquiry: Inquiry, month: Figures) -> Json:
    span, books = month.span, inquiry.now
    used = {ratio.balance: month.turnovers.get(ratio.name) for ratio in inquiry.ratios}
    return {
        "month": f"{span.first:%Y-%m}",
        "from": span.first,
        "to": span.last,
        "days": span.days,
        **_rounded_days(month.all_days),
        **{name: money(turnover.balance if turnover else None) for name, turnover in used.items()},
        **{series: books.flow(series, span) if series in books.flows else None for series in FLOWS},
    }


def _cash_effect(now: Figures, before: Figures | None) -> Json | None:
    """Money tied up (above zero) or set free (below) by each component's change, and in all."""
    if before is None:
        return None
    parts: dict[str, Fraction | None] = {}
    for name, sign in COMPONENTS.items():
        change = change_of(now.days(name), before.days(name))
        parts[name] = None if change is None else sign * cash_effect(change, now.turnovers[name])
    known = [part for part in parts.values() if part is not None]
    total = sum(known, Fraction(0)) if len(known) == len(parts) else None
    return {**{name: money(part) for name, part in parts.items()}, "total": money(total)}


def _basis(inquiry: Inquiry, now: Figures, before: Figures | None) -> Json:
    told: Json = {
        "period": {"from": now.span.first, "to": now.span.last},
        "previous_period": before and {"from": before.span.first, "to": before.span.last},
        "balance_basis": inquiry.basis,
    }
    for ratio in inquiry.ratios:
        told[ratio.name] = {
            "formula": f"{inquiry.basis} {_TITLES[ratio.balance]} / {_TITLES[ratio.flow]} × days",
            **_terms(now, ratio.name),
            "previous": before and _terms(before, ratio.name),
        }
    told["ccc"] = {"formula": "dio + dso − dpo"}
    told["ccc_net"] = {"formula": "ccc − advance_days_received + advance_days_paid"}
    told["balances"] = _balances(inquiry)
    return told


def _terms(figures: Figures, ratio: str) -> Json:
    turnover = figures.turnovers.get(ratio)
    return {
        "days": figures.span.days,
        "numerator": money(turnover.balance) if turnover else None,
        "denominator": money(turnover.flow) if turnover else None,
    }


def _balances(inquiry: Inquiry) -> list[Json]:
    """Every balance that 1C told, at the end of its day: what the averages are made of."""
    books = [one for one in (inquiry.before, inquiry.now) if one is not None]
    told: dict[date, Json] = {}
    for series in BALANCES:
        for one in books:
            for day, balance in one.balances.get(series, {}).items():
                told.setdefault(day, {"date": day})[series] = balance
    return [told[day] for day in sorted(told)]


def _missing(inquiry: Inquiry) -> list[Json]:
    spans = (("current", inquiry.now), ("previous", inquiry.before))
    return [
        {"component": component, "period": name, "reason": f"{error.code}: {error.message}"}
        for name, books in spans
        if books is not None
        for component in COMPONENTS
        if (error := books.missing.get(component)) is not None
    ]
