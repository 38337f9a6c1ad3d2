"""The form of an analysis: columns, the first rows, the rest as one row, totals and the proof."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from onecgw.analysis.decimals import exact_sum
from onecgw.catalogue.kinds.output_schema import CELL
from onecgw.catalogue.tools.parts import ANALYSIS_ROWS
from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say

Item = TypeVar("Item")
Json = dict[str, object]


OUTPUT: Final[Mapping[str, Json]] = {
    "columns": {"type": "array", "items": {"type": "object"}},
    "rows": {"type": "array", "items": {"type": "array", "items": CELL}},
    "rows_total": {"type": "integer"},
    "rest": {"type": "object", "description": "The rows below, added up."},
    "totals": {"type": "object"},
    "basis": {"type": "object"},
    "proof": {"type": "array", "items": {"type": "object"}},
}


def table_of(
    dimensions: Sequence[tuple[str, str]],
    figures: Sequence[str],
    rows: Sequence[Item],
    *,
    top: int | None,
    cells: Callable[[Item], Sequence[object]],
    values: Callable[[Sequence[Item]], Mapping[str, object]],
) -> Json:
    """The members columns, rows, rows_total, rest and totals.

    Args:
        dimensions: name and type of the columns before the figures.
        figures: the names of the columns of numbers.
        rows: all of them, in their order.
        top: how many are shown; None = ANALYSIS_ROWS.
        cells: of one row, in the order of the columns.
        values: what several rows come to together.
    """
    shown = top or ANALYSIS_ROWS
    below = rows[shown:]
    return {
        "columns": [
            *({"name": name, "type": kind} for name, kind in dimensions),
            *({"name": name, "type": "number"} for name in figures),
        ],
        "rows": [list(cells(row)) for row in rows[:shown]],
        "rows_total": len(rows),
        "rest": {"rows": len(below), **values(below)} if below else {"rows": 0},
        "totals": dict(values(rows)),
    }


def proof_of(what: str, parts: Iterable[Decimal], reported: Decimal, *, report: str) -> Json:
    """One identity that holds to the kopeck.

    Args:
        what: the parts, in words.
        parts: which are added up.
        reported: the total that 1C reports.
        report: where 1C reports it.

    Raises:
        OnecBadResponse: the parts do not add up to the total.
    """
    added = exact_sum(parts)
    if added != reported:
        raise OnecBadResponse(
            say("proof.refused", what=what, added=added, report=report, reported=reported)
        )
    return {"what": what, "sum": added, "reported": reported, "report": report}
