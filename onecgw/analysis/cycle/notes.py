"""The texts beside the figures: warnings about the data, notes about the method."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from onecgw.analysis.cycle.answer import CycleInput
from onecgw.analysis.cycle.figures import DpoBase, PeriodData, Ratio
from onecgw.analysis.periods import DateRange, compared_with

_FLOW_TITLES: Final = {
    "cost": "cost of goods sold",
    "cost_with_vat": "cost of goods sold",
    "sales": "sales",
    "purchases": "purchases",
}


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
    notes = [
        "Base currency. Sales, purchases and debts include VAT; stock and cost do not.",
        "Receivables and payables are gross, without advances; ccc_net counts the advances.",
        "Days are rounded to 0.1 at the very end: sums of shown figures may differ by 0.1.",
    ]
    if inputs.basis == "average":
        notes.append(
            "average = (½B₀ + B₁ + … + ½Bₙ) / n over the ends of the n months, B₀ before the "
            "first day."
        )
    if dpo_base == "cogs":
        notes.append(
            "dpo_base is cogs: payables with VAT stand against cost without VAT, so DPO looks "
            "longer than with purchases."
            if inputs.now.vat_factor is None
            else "dpo_base is cogs: cost is multiplied by purchases with VAT / purchases without "
            "VAT of the period, because payables include VAT."
        )
    if inputs.before is not None:
        notes.append(
            "bridge: balance_effect + flow_effect = change; contribution is what it adds to CCC. "
            "working_capital: days_effect + volume_effect = change of the balance; total = stock + "
            "receivable − payable."
        )
    if inputs.before is not None and not _is_year_before(inputs):
        notes.append("The period before is another season of the year; part of the change is that.")
    return notes


def _is_year_before(inputs: CycleInput) -> bool:
    before = inputs.before
    return before is not None and before.period == compared_with(inputs.now.period, "previous_year")


def _about_period(period: DateRange, first_open_day: date, latest_day: date) -> Iterator[str]:
    if period.last > latest_day:
        yield (
            f"the period ends on {period.last}, in the future: its days to come have no flow yet, "
            "so days are overstated; end it with the last day that is over"
        )
    elif period.last >= first_open_day:
        yield (
            f"the period ends on {period.last}, which may not be over yet: what flows that day is "
            "not all there, so days may be overstated"
        )
    for month in period.months:
        if month.month_weight != 1:
            yield (
                f"{month.first:%Y-%m} is here with {month.days} of its days and weighs in the "
                "average by them"
            )


def _about_length(inputs: CycleInput) -> Iterator[str]:
    """A period in which the balance did not turn over once."""
    figures = inputs.figures(inputs.now)
    for name in ("dio", "dso"):
        turned = figures.days(name)
        if turned is not None and turned > figures.period.days:
            yield (
                f"{name} is longer than the {figures.period.days} days of the period, in which the "
                "balance did not turn over once; a longer period tells more"
            )


def _about_flows(inputs: CycleInput) -> Iterator[str]:
    """Flows that are not above zero; one line for each ratio, with all its months."""
    for ratio in inputs.ratios:
        wrong = [str(data.period) for data in _known(inputs) if _is_idle(data, ratio, data.period)]
        wrong += [
            f"{month.first:%Y-%m}"
            for month in (inputs.now.period.months if inputs.by_month else ())
            if month != inputs.now.period and _is_idle(inputs.now, ratio, month)
        ]
        if wrong:
            yield (
                f"{ratio.name} is null in {', '.join(wrong)}: {_FLOW_TITLES[ratio.flow]} there "
                "are not above zero"
            )


def _is_idle(data: PeriodData, ratio: Ratio, period: DateRange) -> bool:
    return ratio.component not in data.missing and data.exact_flow(ratio.flow, period) <= 0


def _about_balances(inputs: CycleInput) -> Iterator[str]:
    lines: dict[tuple[str, date], str] = {}  # the two periods may share a day
    for data in _known(inputs):
        for series, balances in data.balances.items():
            for day, balance in balances.items():
                if balance < 0:
                    lines[series, day] = f"{series} at the end of {day} is negative: {balance}"
    yield from lines.values()


def _about_currencies(currencies: tuple[str, ...]) -> Iterator[str]:
    if len(currencies) > 1:
        yield (
            f"the reports are in different currencies ({', '.join(currencies)}): a ratio of two "
            "of them means nothing"
        )


def _known(inputs: CycleInput) -> tuple[PeriodData, ...]:
    return (inputs.now,) if inputs.before is None else (inputs.now, inputs.before)
