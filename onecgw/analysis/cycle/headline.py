"""The answer in a few sentences, for whoever reads nothing else."""

from fractions import Fraction

from onecgw.analysis.cycle.figures import COMPONENTS, Figures
from onecgw.analysis.cycle.rounding import days
from onecgw.analysis.cycle.variance import Step, change_of


def headline_of(now: Figures, before: Figures | None, driving: Step | None) -> str:
    """The answer in a few sentences."""
    if now.ccc is None:
        return _parts_alone(now)
    dio, dso, dpo = (_told(now.days(name)) for name in COMPONENTS)
    told = f"From {now.span} {_length(now.ccc)}: DIO {dio} + DSO {dso} − DPO {dpo}."
    if before is None:
        return told
    change = change_of(now.ccc, before.ccc)
    if change is None:
        return f"{told} What it was from {before.span} is not known."
    if not days(change):
        return f"{told} That is as long as from {before.span}."
    word = "more" if change > 0 else "less"
    told += f" That is {_told(abs(change))} days {word} than from {before.span}."
    if driving is not None:
        made = driving.effects
        told += (
            f" The driver is {driving.component.upper()}: {_signed(made.change)} days, of which "
            f"its balance makes {_signed(made.balance)} and its flow {_signed(made.flow)}."
        )
    return told


def _parts_alone(now: Figures) -> str:
    unknown = [name.upper() for name in COMPONENTS if now.days(name) is None]
    known = [
        f"{name.upper()} is {_told(now.days(name))} days"
        for name in COMPONENTS
        if now.days(name) is not None
    ]
    told = f"The cash conversion cycle from {now.span} is not known, for want of "
    return f"{told}{' and '.join(unknown)}{''.join(f'; {one}' for one in known)}."


def _length(ccc: Fraction) -> str:
    """The length of the cycle in words; a negative one is other people's money in use."""
    if ccc < 0 and days(ccc):
        return f"other people's money was in use for {_told(-ccc)} days (a cycle of {_told(ccc)})"
    return f"money was tied up for {_told(ccc)} days"


def _told(value: Fraction | None) -> str:
    return f"{days(value)}".replace("-", "−")


def _signed(value: Fraction) -> str:
    return f"{days(value):+}".replace("-", "−")
