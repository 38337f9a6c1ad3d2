"""The way from one span's cycle to another's: a step per component, and which of them drove it."""

from fractions import Fraction

import attrs

from onecgw.analysis.cycle.figures import COMPONENTS, Figures
from onecgw.analysis.cycle.formulas import Effects, driver, effects


@attrs.frozen(kw_only=True)
class Step:
    """One component's way from the span before to the span that was asked for."""

    component: str
    effects: Effects

    @property
    def contribution(self) -> Fraction:
        """What the change adds to the cycle."""
        return COMPONENTS[self.component] * self.effects.change


def bridge_of(now: Figures, before: Figures | None) -> tuple[Step, ...]:
    """A step per component that both spans have."""
    if before is None:
        return ()
    found = {
        name: effects(before.turnovers[name], now.turnovers[name])
        for name in COMPONENTS
        if name in now.turnovers and name in before.turnovers
    }
    return tuple(
        Step(component=name, effects=both) for name, both in found.items() if both is not None
    )


def driving_step(bridge: tuple[Step, ...]) -> Step | None:
    """The component that moved the cycle most; None while one of them is not known."""
    if len(bridge) < len(COMPONENTS):
        return None
    name = driver({step.component: step.contribution for step in bridge})
    return next((step for step in bridge if step.component == name), None)


def change_of(new: Fraction | None, old: Fraction | None) -> Fraction | None:
    """What was added; None unless both are known."""
    return None if new is None or old is None else new - old
