"""A measured figure and its goal, and the table of them."""

from collections.abc import Sequence

import attrs


@attrs.frozen(kw_only=True)
class Options:
    """How long is measured. peers: the interpreter of the extra `bench`; None: not measured."""

    rounds: int
    seconds: float
    peers: str | None


@attrs.frozen
class Figure:
    """One figure. value: None if it could not be measured, which is a miss."""

    name: str
    value: float | None
    at_most: float | None = attrs.field(default=None, kw_only=True)
    at_least: float | None = attrs.field(default=None, kw_only=True)

    @property
    def is_reached(self) -> bool:
        """Whether the goal is reached."""
        if self.value is None:
            return False
        if self.at_most is not None:
            return self.value <= self.at_most
        return self.at_least is None or self.value >= self.at_least

    @property
    def goal(self) -> str:
        """The goal as text."""
        return f"≤ {self.at_most:g}" if self.at_most is not None else f"≥ {self.at_least:g}"

    @property
    def shown(self) -> str:
        """The value as text."""
        return "not measured" if self.value is None else f"{self.value:.3g}"


def render(figures: Sequence[Figure]) -> str:
    """The table in Markdown."""
    lines = ["| what | measured | goal | |", "|---|---|---|---|"]
    lines += [
        f"| {one.name} | {one.shown} | {one.goal} | {'' if one.is_reached else 'missed'} |"
        for one in figures
    ]
    return "\n".join(lines)
