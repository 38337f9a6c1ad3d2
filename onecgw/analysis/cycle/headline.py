"""The headline: the result in a few sentences."""

from decimal import Decimal
from fractions import Fraction

from onecgw.analysis.cycle.figures import COMPONENTS, Figures
from onecgw.analysis.cycle.variance import VarianceStep, change_of
from onecgw.analysis.cycle.working_capital import TOTAL, BalanceChange, working_capital
from onecgw.analysis.decimals import days
from onecgw.locales.text import join_texts, say


def headline_of(now: Figures, before: Figures | None, driving: VarianceStep | None) -> str:
    """The headline of the answer."""
    if now.ccc is None:
        return _parts_alone(now)
    dio, dso, dpo = (_days(now.days(name)) for name in COMPONENTS)
    text = say(
        "cycle.headline",
        period=now.period.text,
        length=_length(now.ccc),
        dio=dio,
        dso=dso,
        dpo=dpo,
    )
    if before is None:
        return text
    earlier = before.period.text
    change = change_of(now.ccc, before.ccc)
    if change is None:
        return join_texts(" ", (text, say("cycle.unknown_before", period=earlier)))
    if not days(change):
        same = say("cycle.as_long", period=earlier)
        return join_texts(" ", (text, same, _in_money(now, before)))
    changed = say(
        "cycle.longer" if change > 0 else "cycle.shorter",
        days=_days(abs(change)),
        count=days(abs(change)),
        period=earlier,
    )
    return join_texts(" ", (text, changed, _driver(driving), _in_money(now, before)))


def _driver(driving: VarianceStep | None) -> str:
    if driving is None:
        return ""
    effects = driving.effects
    return say(
        "cycle.driver",
        component=driving.component.upper(),
        change=_signed(effects.change),
        count=days(effects.change),
        balance=_signed(effects.balance),
        flow=_signed(effects.flow),
    )


def _in_money(now: Figures, before: Figures) -> str:
    """What happened to the money itself: longer days and more sales both tie it up."""
    total = working_capital(now, before)[TOTAL]
    if total is None:
        return ""
    moved = _moved(total)
    by_days, by_volume = total.days_effect, total.volume_effect
    if by_days is None or by_volume is None or by_days == by_volume == 0:
        return say("cycle.money", moved=moved)
    return say(
        "cycle.money_effects",
        moved=moved,
        by_days=_signed_money(by_days),
        by_volume=_signed_money(by_volume),
    )


def _moved(total: BalanceChange) -> str:
    if not total.change:
        return say("cycle.money_same", now=_money(total.now))
    return say(
        "cycle.money_grew" if total.change > 0 else "cycle.money_fell",
        change=_money(abs(total.change)),
        before=_money(total.before),
        now=_money(total.now),
    )


def _parts_alone(now: Figures) -> str:
    unknown = [name.upper() for name in COMPONENTS if now.days(name) is None]
    known = [
        say(
            "cycle.known_part",
            component=name.upper(),
            days=_days(now.days(name)),
            count=days(now.days(name)),
        )
        for name in COMPONENTS
        if now.days(name) is not None
    ]
    lacking = say(
        "cycle.not_known", period=now.period.text, components=join_texts(say("cycle.and"), unknown)
    )
    return say("cycle.sentence", text=join_texts("; ", (lacking, *known)))


def _length(ccc: Fraction) -> str:
    """The length of the cycle in words; if it is negative, others finance the company."""
    if ccc < 0 and days(ccc):
        return say("cycle.length_negative", days=_days(-ccc), count=days(-ccc), cycle=_days(ccc))
    return say("cycle.length", days=_days(ccc), count=days(ccc))


def _days(value: Fraction | None) -> str:
    return f"{days(value)}".replace("-", "−")


def _signed(value: Fraction) -> str:
    return f"{days(value):+}".replace("-", "−")


def _money(value: Decimal) -> str:
    """Money with thousands apart by spaces that do not break."""
    return f"{value:,.2f}".replace(",", "\u00a0").replace("-", "−")


def _signed_money(value: Decimal) -> str:
    return f"{value:+,.2f}".replace(",", "\u00a0").replace("-", "−")
