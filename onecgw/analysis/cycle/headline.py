"""The headline: the result in a few sentences."""

from decimal import Decimal
from fractions import Fraction

from onecgw.analysis.cycle.figures import COMPONENTS, Figures
from onecgw.analysis.cycle.variance import VarianceStep, change_of
from onecgw.analysis.cycle.working_capital import TOTAL, BalanceChange, working_capital
from onecgw.analysis.decimals import days


def headline_of(now: Figures, before: Figures | None, driving: VarianceStep | None) -> str:
    """The headline of the answer."""
    if now.ccc is None:
        return _parts_alone(now)
    dio, dso, dpo = (_days(now.days(name)) for name in COMPONENTS)
    text = f"From {now.period} {_length(now.ccc)}: DIO {dio} + DSO {dso} − DPO {dpo}."
    if before is None:
        return text
    change = change_of(now.ccc, before.ccc)
    if change is None:
        return f"{text} What it was from {before.period} is not known."
    if not days(change):
        return f"{text} That is as long as from {before.period}.{_in_money(now, before)}"
    word = "more" if change > 0 else "less"
    text += f" That is {_days(abs(change))} days {word} than from {before.period}."
    if driving is not None:
        effects = driving.effects
        text += (
            f" The driver is {driving.component.upper()}: {_signed(effects.change)} days, of which "
            f"its balance makes {_signed(effects.balance)} and its flow {_signed(effects.flow)}."
        )
    return text + _in_money(now, before)


def _in_money(now: Figures, before: Figures) -> str:
    """What happened to the money itself: longer days and more sales both tie it up."""
    total = working_capital(now, before)[TOTAL]
    if total is None:
        return ""
    text = f" Stock + receivables − payables {_moved(total)}"
    by_days, by_volume = total.days_effect, total.volume_effect
    if by_days is None or by_volume is None or by_days == by_volume == 0:
        return f"{text}."
    return f"{text}: days {_signed_money(by_days)}, volume {_signed_money(by_volume)}."


def _moved(total: BalanceChange) -> str:
    if not total.change:
        return f"stayed at {_money(total.now)}"
    moved = "grew" if total.change > 0 else "fell"
    ends = f"from {_money(total.before)} to {_money(total.now)}"
    return f"{moved} by {_money(abs(total.change))}, {ends}"


def _parts_alone(now: Figures) -> str:
    unknown = [name.upper() for name in COMPONENTS if now.days(name) is None]
    known = [
        f"{name.upper()} is {_days(now.days(name))} days"
        for name in COMPONENTS
        if now.days(name) is not None
    ]
    start = f"The cash conversion cycle from {now.period} is not known, for want of "
    return f"{start}{' and '.join(unknown)}{''.join(f'; {one}' for one in known)}."


def _length(ccc: Fraction) -> str:
    """The length of the cycle in words; if it is negative, others finance the company."""
    if ccc < 0 and days(ccc):
        return f"other people's money was in use for {_days(-ccc)} days (a cycle of {_days(ccc)})"
    return f"money was tied up for {_days(ccc)} days"


def _days(value: Fraction | None) -> str:
    return f"{days(value)}".replace("-", "−")


def _signed(value: Fraction) -> str:
    return f"{days(value):+}".replace("-", "−")


def _money(value: Decimal) -> str:
    """Money with thousands apart by spaces that do not break."""
    return f"{value:,.2f}".replace(",", "\u00a0").replace("-", "−")


def _signed_money(value: Decimal) -> str:
    return f"{value:+,.2f}".replace(",", "\u00a0").replace("-", "−")
