"""What has to be said beside the figures: warnings about these books, notes about the method."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Final

from onecgw.analysis.cycle.answer import Inquiry
from onecgw.analysis.cycle.figures import Books, DpoBase, Ratio
from onecgw.analysis.cycle.periods import Span

_FLOW_TITLES: Final = {
    "cost": "cost of goods sold",
    "sales": "sales",
    "purchases": "purchases",
}


def warnings_of(
    inquiry: Inquiry, *, first_open_day: date, latest_day: date, currencies: tuple[str, ...]
) -> list[str]:
    """What makes figures of these books null, or less telling than they look.

    Args:
        inquiry: what was asked and answered.
        first_open_day: the first day that may not be over yet, wherever 1C stands.
        latest_day: the day that it is by now, wherever 1C stands.
        currencies: those that the reports named, each once.
    """
    return [
        *_about_span(inquiry.now.span, first_open_day, latest_day),
        *_about_flows(inquiry),
        *_about_balances(inquiry),
        *_about_currencies(currencies),
    ]


def notes_of(inquiry: Inquiry, dpo_base: DpoBase) -> list[str]:
    """How to read the figures."""
    notes = [
        "Base currency. Sales, purchases and debts include VAT; stock and cost do not.",
        "Receivables and payables are gross, without advances; ccc_net counts the advances.",
        "Days are rounded to 0.1 at the very end: sums of shown figures may differ by 0.1.",
    ]
    if inquiry.basis == "average":
        notes.append(
            "average = (½B₀ + B₁ + … + ½Bₙ) / n over the ends of the n months, B₀ before the "
            "first day."
        )
    if dpo_base == "cogs":
        notes.append(
            "dpo_base is cogs: payables with VAT stand against cost without VAT, so DPO looks "
            "longer than with purchases."
        )
    if inquiry.before is not None:
        notes.append(
            "bridge: balance_effect + flow_effect = change; contribution is what it adds to CCC. "
            "cash_effect: change × daily flow, above zero = money tied up."
        )
    return notes


def _about_span(span: Span, first_open_day: date, latest_day: date) -> Iterator[str]:
    if span.last > latest_day:
        yield (
            f"the period ends on {span.last}, in the future: its days to come have no flow yet, so "
            "days are overstated; end it with the last day that is over"
        )
    elif span.last >= first_open_day:
        yield (
            f"the period ends on {span.last}, which may not be over yet: what flows that day is "
            "not all there, so days may be overstated"
        )
    for month in span.months:
        if month.month_weight != 1:
            yield (
                f"{month.first:%Y-%m} is here with {month.days} of its days and weighs in the "
                "average by them"
            )


def _about_flows(inquiry: Inquiry) -> Iterator[str]:
    """Denominators that are not above zero, each ratio's months in one line."""
    for ratio in inquiry.ratios:
        wrong = [str(books.span) for books in _books(inquiry) if _is_idle(books, ratio, books.span)]
        wrong += [
            f"{month.first:%Y-%m}"
            for month in (inquiry.now.span.months if inquiry.by_month else ())
            if month != inquiry.now.span and _is_idle(inquiry.now, ratio, month)
        ]
        if wrong:
            yield (
                f"{ratio.name} is null in {', '.join(wrong)}: {_FLOW_TITLES[ratio.flow]} there "
                "are not above zero"
            )


def _is_idle(books: Books, ratio: Ratio, span: Span) -> bool:
    return ratio.component not in books.missing and books.flow(ratio.flow, span) <= Fraction(0)


def _about_balances(inquiry: Inquiry) -> Iterator[str]:
    told: dict[tuple[str, date], str] = {}
    for books in _books(inquiry):
        for series, balances in books.balances.items():
            for day, balance in balances.items():
                if balance < 0:
                    told[series, day] = f"{series} at the end of {day} is negative: {balance}"
    yield from told.values()


def _about_currencies(currencies: tuple[str, ...]) -> Iterator[str]:
    if len(currencies) > 1:
        yield (
            f"the reports are in different currencies ({', '.join(currencies)}): a ratio of two "
            "of them means nothing"
        )


def _books(inquiry: Inquiry) -> tuple[Books, ...]:
    return (inquiry.now,) if inquiry.before is None else (inquiry.now, inquiry.before)
