"""The texts beside the figures: warnings about the data, notes about the method."""

from collections.abc import Iterator
from datetime import date

from onecgw.analysis.cycle.answer import CycleInput
from onecgw.analysis.cycle.figures import DpoBase, PeriodData, Ratio
from onecgw.analysis.periods import DateRange, compared_with
from onecgw.locales.text import join_texts, say


def warnings_of(
    inputs: CycleInput, *, first_open_day: date, latest_day: date, currencies: tuple[str, ...]
) -> list[str]:
    """What makes figures null or misleading.

    Args:
        inputs: the options of the request and the data of 1C.
        first_open_day: the first day that may not be over yet, whatever the time zone of 1C.
        latest_day: the latest date that today can be, whatever the time zone of 1C.
        currencies: the currencies that the reports name, without repeats.
    """
    return [
        *_about_period(inputs.now.period, first_open_day, latest_day),
        *_about_length(inputs),
        *_about_flows(inputs),
        *_about_balances(inputs),
        *_about_currencies(currencies),
    ]


def notes_of(inputs: CycleInput, dpo_base: DpoBase) -> list[str]:
    """How to read the figures."""
    notes: list[str] = [
        say("cycle.notes.vat"),
        say("cycle.notes.advances"),
        say("cycle.notes.rounding"),
    ]
    if inputs.basis == "average":
        notes.append(say("cycle.notes.average"))
    if dpo_base == "cogs":
        factor = inputs.now.vat_factor
        notes.append(say("cycle.notes.cogs" if factor is None else "cycle.notes.cogs_with_vat"))
    if inputs.before is not None:
        notes.append(say("cycle.notes.bridge"))
    if inputs.before is not None and not _is_year_before(inputs):
        notes.append(say("cycle.notes.season"))
    return notes


def _is_year_before(inputs: CycleInput) -> bool:
    before = inputs.before
    return before is not None and before.period == compared_with(inputs.now.period, "previous_year")


def _about_period(period: DateRange, first_open_day: date, latest_day: date) -> Iterator[str]:
    if period.last > latest_day:
        yield say("cycle.warnings.future", day=period.last)
    elif period.last >= first_open_day:
        yield say("cycle.warnings.open_day", day=period.last)
    for month in period.months:
        if month.month_weight != 1:
            yield say("cycle.warnings.part_of_month", month=f"{month.first:%Y-%m}", days=month.days)


def _about_length(inputs: CycleInput) -> Iterator[str]:
    """A period in which the balance did not turn over once."""
    figures = inputs.figures(inputs.now)
    for name in ("dio", "dso"):
        turned = figures.days(name)
        if turned is not None and turned > figures.period.days:
            yield say("cycle.warnings.short_period", name=name, days=figures.period.days)


def _about_flows(inputs: CycleInput) -> Iterator[str]:
    """Flows that are not above zero; one line for each ratio, with all its months."""
    for ratio in inputs.ratios:
        wrong = [data.period.text for data in _known(inputs) if _is_idle(data, ratio, data.period)]
        wrong += [
            f"{month.first:%Y-%m}"
            for month in (inputs.now.period.months if inputs.by_month else ())
            if month != inputs.now.period and _is_idle(inputs.now, ratio, month)
        ]
        if wrong:
            yield say(
                f"cycle.warnings.idle_{ratio.flow}",
                name=ratio.name,
                periods=join_texts(", ", wrong),
            )


def _is_idle(data: PeriodData, ratio: Ratio, period: DateRange) -> bool:
    return ratio.component not in data.missing and data.exact_flow(ratio.flow, period) <= 0


def _about_balances(inputs: CycleInput) -> Iterator[str]:
    lines: dict[tuple[str, date], str] = {}  # the two periods may share a day
    for data in _known(inputs):
        for series, balances in data.balances.items():
            for day, balance in balances.items():
                if balance < 0:
                    lines[series, day] = say(
                        "cycle.warnings.negative", series=series, day=day, balance=balance
                    )
    yield from lines.values()


def _about_currencies(currencies: tuple[str, ...]) -> Iterator[str]:
    if len(currencies) > 1:
        yield say("cycle.warnings.currencies", currencies=", ".join(currencies))


def _known(inputs: CycleInput) -> tuple[PeriodData, ...]:
    return (inputs.now,) if inputs.before is None else (inputs.now, inputs.before)
