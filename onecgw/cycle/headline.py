"""The answer in a few sentences, for whoever reads nothing else."""

from fractions import Fraction

from onecgw.cycle.bridge import Step, change_of
from onecgw.cycle.figures import COMPONENTS, Figures
from onecgw.cycle.rounding import days


def headline_of(now: Figures, before: Figures | None, driving: Step | None) -> str:
    """The answer in a few sentences."""
    if now.ccc is None:
        return _parts_alone(now)
    dio, dso, dpo = (days(now.days(name)) for name in COMPONENTS)
    told = (
        f"From {now.span} money was tied up for {days(now.ccc)} days: DIO {dio} + DSO {dso} − "
        f"DPO {dpo}."
    )
    change = change_of(now.ccc, before.ccc) if before else None
    if before is not None and change is None:
        told += f" What it was from {before.span} is not known."
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


def _parts_alone(now: Figures) -> str:
    unknown = [name.upper() for name in COMPONENTS if now.days(name) is None]
    known = [
        f"{name.upper()} is {days(now.days(name))} days"
        for name in COMPONENTS
        if now.days(name) is not None
    ]
    told = f"The cash conversion cycle from {now.span} is not known, for want of "
    return f"{told}{' and '.join(unknown)}{''.join(f'; {one}' for one in known)}."


def _signed(value: Fraction) -> str:
    return f"{days(value):+}".replace("-", "−")
