"""The answer of the cycle: figures rounded and laid out so that an accountant can follow them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

import attrs

from onecgw.cycle.figures import BALANCES, COMPONENTS, FLOWS, Books, Figures, Ratio, figures_of
from onecgw.cycle.formulas import Basis, Effects, cash_effect, driver, effects
from onecgw.cycle.reading import EXACT

Json = dict[str, object]

DAY_PLACES: Final = 1
MONEY_PLACES: Final = 2

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
    bridge = _bridge(now, before)
    driving = _driving(bridge)
    return {
        "headline": _headline(now, before, driving),
        "summary": _summary(now, before, driving),
        "months": [_month(inquiry, month) for month in inquiry.monthly_figures()],
        "bridge": [step.told() for step in bridge],
        "cash_effect": _cash_effect(now, before),
        "basis": _basis(inquiry, now, before),
        "missing": _missing(inquiry),
    }


def days(value: Fraction | None) -> Decimal | None:
    """Days as they are told: to a tenth, a half away from zero."""
    return _rounded(value, DAY_PLACES)


def money(value: Fraction | None) -> Decimal | None:
    """Money as it is told."""
    return _rounded(value, MONEY_PLACES)


def _rounded(value: Fraction | None, places: int) -> Decimal | None:
    if value is None:
        return None
    units = int(abs(value) * 10**places + Fraction(1, 2))
    return EXACT.scaleb(Decimal(units if value > 0 else -units), -places)


@attrs.frozen(kw_only=True)
class _Step:
    """One component's way from the span before to the span that was asked for."""

    component: str
    effects: Effects

    @property
    def contribution(self) -> Fraction:
        """What the change adds to the cycle."""
        return COMPONENTS[self.component] * self.effects.change

    def told(self) -> Json:
        return {
            "component": self.component,
            "balance_effect": days(self.effects.balance),
            "flow_effect": days(self.effects.flow),
            "change": days(self.effects.change),
            "contribution": days(self.contribution),
        }


def _bridge(now: Figures, before: Figures | None) -> tuple[_Step, ...]:
    """A step per component that both spans have."""
    if before is None:
        return ()
    found = {
        name: effects(before.turnovers[name], now.turnovers[name])
        for name in COMPONENTS
        if name in now.turnovers and name in before.turnovers
    }
    return tuple(
        _Step(component=name, effects=both) for name, both in found.items() if both is not None
    )


def _driving(bridge: tuple[_Step, ...]) -> _Step | None:
    """The component that moved the cycle most; None while one of them is not known."""
    if len(bridge) < len(COMPONENTS):
        return None
    name = driver({step.component: step.contribution for step in bridge})
    return next((step for step in bridge if step.component == name), None)


def _summary(now: Figures, before: Figures | None, driving: _Step | None) -> Json:
    old = before.all_days if before else None
    changes = old and {name: _change(value, old[name]) for name, value in now.all_days.items()}
    return {
        **_rounded_days(now.all_days),
        "previous": old and _rounded_days(old),
        "change": changes and _rounded_days(changes),
        "driver": driving and driving.component,
        "driver_effect": driving
        and driver({"balance": driving.effects.balance, "flow": driving.effects.flow}),
    }


def _change(new: Fraction | None, old: Fraction | None) -> Fraction | None:
    return None if new is None or old is None else new - old


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
        change = _change(now.days(name), before.days(name))
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
        for component, error in books.missing.items()
    ]


def _headline(now: Figures, before: Figures | None, driving: _Step | None) -> str:
    """The answer in a few sentences."""
    if now.ccc is None:
        unknown = " and ".join(name.upper() for name in COMPONENTS if now.days(name) is None)
        return f"The cash conversion cycle of {now.span} cannot be told: {unknown} is not known."
    dio, dso, dpo = (days(now.days(name)) for name in COMPONENTS)
    told = (
        f"From {now.span} money was tied up for {days(now.ccc)} days: DIO {dio} + DSO {dso} − "
        f"DPO {dpo}."
    )
    change = _change(now.ccc, before.ccc) if before else None
    if before is not None and change is not None:
        word = "more" if change >= 0 else "less"
        told += f" That is {days(abs(change))} days {word} than from {before.span}."
    if driving is not None:
        made = driving.effects
        told += (
            f" The driver is {driving.component.upper()}: {_signed(made.change)} days, of which "
            f"its balance makes {_signed(made.balance)} and its flow {_signed(made.flow)}."
        )
    return told


def _signed(value: Fraction) -> str:
    return f"{days(value):+}".replace("-", "−")
