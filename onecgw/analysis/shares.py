"""ABC analysis: the share of each row in the total, cumulated, and its class."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import attrs

from onecgw.analysis.decimals import EXACT
from onecgw.analysis.figure_table import ZERO, FigureRow, FigureTable, percent
from onecgw.errors import Problem, ValidationFailed
from onecgw.locales.text import say

# A row belongs to the class in which its part of the total begins, so that the first row is
# always A.
A_PERCENT: Final = Decimal(80)
B_PERCENT: Final = Decimal(95)


@attrs.frozen(kw_only=True)
class Share:
    """One row. share, cumulative_share: in percent of the whole selection."""

    row: FigureRow
    share: Decimal
    cumulative_share: Decimal
    abc_class: str


def shares_of(table: FigureTable, measure: str) -> tuple[Share, ...]:
    """The rows from the largest on, with their shares.

    Raises:
        ValidationFailed: the total is not above zero, so a share of it means nothing.
    """
    total = table.total(measure)
    if total <= 0:
        message = say("errors.share_total", measure=measure, total=total)
        raise ValidationFailed((Problem(path="share", message=message),))
    return tuple(_shares(table, measure, total))


def _shares(table: FigureTable, measure: str, total: Decimal) -> Iterator[Share]:
    def size(row: FigureRow) -> Decimal:
        return row.values[measure] or ZERO

    cumulated = ZERO
    for row in sorted(table.rows, key=lambda row: (-size(row), row.key)):
        abc_class = _class_of(cumulated, total)
        cumulated = EXACT.add(cumulated, size(row))
        yield Share(
            row=row,
            share=percent(size(row), total) or ZERO,
            cumulative_share=percent(cumulated, total) or ZERO,
            abc_class=abc_class,
        )


def _class_of(begin: Decimal, total: Decimal) -> str:
    """The class of the row whose part of the total begins at `begin`."""
    hundredfold = EXACT.multiply(begin, Decimal(100))
    if hundredfold < EXACT.multiply(A_PERCENT, total):
        return "A"
    return "B" if hundredfold < EXACT.multiply(B_PERCENT, total) else "C"
