"""Variance analysis: how each component changed between two periods, and which one drove CCC."""

from fractions import Fraction

import attrs

from onecgw.analysis.cycle.figures import COMPONENTS, Figures
from onecgw.analysis.cycle.formulas import Effects, driver, effects


@attrs.frozen(kw_only=True)
class VarianceStep:
    """The change of one component between two periods."""

    component: str
    effects: Effects

    @property
    def contribution(self) -> Fraction:
        """What the change adds to the cycle, days."""
        return COMPONENTS[self.component] * self.effects.change


def variance_bridge(now: Figures, before: Figures | None) -> tuple[VarianceStep, ...]:
    """A step for each component that is known in both periods."""
    if before is None:
        return ()
    found = {
        name: effects(before.terms[name], now.terms[name])
        for name in COMPONENTS
        if name in now.terms and name in before.terms
    }
    return tuple(
        VarianceStep(component=name, effects=both)
        for name, both in found.items()
        if both is not None
    )


def driving_step(bridge: tuple[VarianceStep, ...]) -> VarianceStep | None:
    """The step that moved the cycle most; None unless every component has a step."""
    if len(bridge) < len(COMPONENTS):
        return None
    name = driver({step.component: step.contribution for step in bridge})
    return next((step for step in bridge if step.component == name), None)


def change_of(new: Fraction | None, old: Fraction | None) -> Fraction | None:
    """The difference; None unless both are known."""
    return None if new is None or old is None else new - old
