"""The rows of a comparison or of shares: their columns, their order, the rest and the proof."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

import msgspec

from onecgw.analysis.comparison import (
    ComparedRow,
    Comparison,
    MeasureChange,
    compare_tables,
    sum_of_changes,
    without_unknown,
)
from onecgw.analysis.decimals import EXACT
from onecgw.analysis.figure_table import ZERO, FigureTable, percent
from onecgw.analysis.shares import shares_of
from onecgw.catalogue.tools.figure_answer import proof_of
from onecgw.catalogue.tools.table_labels import as_text, label_alone
from onecgw.errors import Problem, ValidationFailed
from onecgw.locales.text import say
from onecgw.responses.units import (
    BY_CURRENCY,
    BY_UNIT,
    CURRENCY,
    NO_UNITS,
    PRODUCT,
    MeasureUnits,
    kind_of,
    unlike_measures,
)

Json = dict[str, object]
Figures = dict[str, Decimal | str | None]


# Of a row that only the report of before has.
_NO_SHARE: Final[Figures] = {"share": ZERO, "cumulative_share": Decimal(100), "class": "C"}
_UNKNOWN: Final = MeasureChange(now=None, before=None)


class AnalysedTable:
    """A whole report with changes, shares, or both.

    Args:
        now: the report.
        before: what it is compared with; None = no comparison.
        share: the measure of the shares; None = no shares.
        units: of the measures.
        unknown: of "now" and "before", what lies beyond the books and has no figures.

    Raises:
        OnecBadResponse: the changes do not add up to the change of the total.
        ValidationFailed: shares of a total that is not above zero, or of several currencies or
            units.
    """

    def __init__(
        self,
        now: FigureTable,
        before: FigureTable | None,
        share: str | None,
        units: MeasureUnits = NO_UNITS,
        *,
        unknown: frozenset[str] = frozenset(),
    ) -> None:
        self._now, self._share = now, share
        compared = compare_tables(now, before) if before is not None else None
        self._comparison = without_unknown(compared, unknown) if compared is not None else None
        tables = (now,) if before is None else (now, before)
        # Each side may be in one currency, and the two still differ.
        cells = (row.cells for table in tables for row in table.rows)
        unlike = unlike_measures((*now.dimensions, *now.measures), cells, units)
        self._units = units
        additive = [name for name in now.measures if name in now.additive]
        self._unlike = [name for name in additive if name in unlike]
        self._additive = [name for name in additive if name not in unlike]
        if share is not None and share in unlike:
            is_money = share in units.own_currency
            message = say("errors.several_currencies" if is_money else "errors.several_units")
            raise ValidationFailed((Problem(path="share", message=message),))
        self._places: dict[tuple[str, ...], Figures] = {
            one.row.key: {
                "share": one.share,
                "cumulative_share": one.cumulative_share,
                "class": one.abc_class,
            }
            for one in (shares_of(now, share) if share is not None else ())
        }
        self._rows = _rows(now, self._comparison)

    def __len__(self) -> int:
        return len(self._rows)

    def sort(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Order the rows by the columns, descending or not.

        Without keys, shares are in the order in which they are cumulated, and a comparison begins
        with the largest change, whatever its sign.
        """
        if not keys and self._share is not None:
            places = {key: place for place, key in enumerate(self._places)}
            self._rows.sort(key=lambda row: places.get(row.key, len(places)))
        elif not keys:
            self._rows.sort(key=self._size, reverse=True)
        for name, is_descending in reversed(keys):  # sorting is stable: the last key first
            valued = [(self._value(row, name), row) for row in self._rows]
            known = [pair for pair in valued if pair[0] is not None]
            known.sort(key=itemgetter(0), reverse=is_descending)
            unknown = [row for value, row in valued if value is None]
            self._rows = [*(row for _, row in known), *unknown]

    def members(self, count: int, *, with_ids: bool) -> Json:
        """Columns, the first rows, the rest of them as one row, totals.

        Args:
            count: how many rows are shown.
            with_ids: references as objects and not as labels.
        """
        shown, below = self._rows[:count], self._rows[count:]
        counts = (
            {"appeared": self._comparison.appeared, "gone": self._comparison.gone}
            if self._comparison
            else {}
        )
        return {
            "rows_returned": len(shown),
            "rows_total": len(self._rows),
            "truncated": bool(below),
            **counts,
            "columns": self._columns(with_ids=with_ids),
            "rows": [
                [
                    *(cell if with_ids else label_alone(cell) for cell in row.cells),
                    *self._figures(row).values(),
                ]
                for row in shown
            ],
            "rest": {"rows": len(below), **(self._rest(below) if below else {})},
            "totals": self._totals(),
            **self._parts(),
        }

    def basis(self, report: str) -> Json:
        """How an accountant can redo it."""
        basis: Json = {"report": report}
        if self._comparison is not None:
            basis["change"] = say("basis.change")
        if self._share is not None:
            basis["share"] = say("basis.share", measure=self._share)
        if self._unlike:
            basis["rest"] = say("basis.no_rest", measures=", ".join(sorted(self._unlike)))
        return basis

    def proof(self, report: str) -> list[Json]:
        """What adds up to the totals of 1C: the rows, or their changes."""
        found = []
        for measure in self._additive:
            total = self._total(measure)
            together = sum_of_changes(self._rows, measure)
            if together.amount is None or total.amount is None:
                what, part, reported = measure, together.now, total.now
            else:
                what, part, reported = f"{measure}_change", together.amount, total.amount
            found.append(
                proof_of(
                    say("proof.all_rows", what=what),
                    (part or ZERO,),
                    reported or ZERO,
                    report=report,
                )
            )
        return found

    def _columns(self, *, with_ids: bool) -> list[Json]:
        columns = [msgspec.json.decode(one, type=dict[str, Any]) for one in self._now.columns]
        names = [name for name in self._figures(None) if name != "class"]
        return [
            *(columns if with_ids else map(as_text, columns)),
            *({"name": name, "type": "number"} for name in names),
            *([{"name": "class", "type": "string"}] if self._share else []),
        ]

    def _figures(self, row: ComparedRow | None) -> Figures:
        """The figures of a row by column; without a row only their names matter."""
        figures: Figures = {}
        for measure in self._now.measures:
            figures |= self._expanded(measure, row.changes[measure] if row else _UNKNOWN)
        if self._share is not None:
            figures |= self._places.get(row.key, _NO_SHARE) if row else _NO_SHARE
        return figures

    def _expanded(self, measure: str, change: MeasureChange) -> Figures:
        if self._comparison is None:
            return {measure: change.now}
        return {
            measure: change.now,
            f"{measure}_before": change.before,
            f"{measure}_change": change.amount,
            f"{measure}_change_pct": change.percent,
        }

    def _sums(self, rows: Sequence[ComparedRow], measures: Iterable[str]) -> Figures:
        """Some measures of several rows together."""
        figures: Figures = {}
        for measure in measures:
            figures |= self._expanded(measure, sum_of_changes(rows, measure))
        return figures

    def _rest(self, rows: Sequence[ComparedRow]) -> Figures:
        """What adds up of the rows that are not shown."""
        figures = self._sums(rows, self._additive)
        if self._share is not None:
            part = sum_of_changes(rows, self._share).now or ZERO
            figures["share"] = percent(part, self._now.total(self._share))
        return figures

    def _totals(self) -> Figures:
        figures: Figures = {}
        for measure in self._now.measures:
            is_unknown = measure in self._unlike
            figures |= self._expanded(measure, _UNKNOWN if is_unknown else self._total(measure))
        return figures

    def _parts(self) -> Json:
        """The totals of each currency and unit, of the measures that have none together."""
        parts: Json = {}
        for member, place, measures in (
            (BY_CURRENCY, CURRENCY, self._units.own_currency),
            (BY_UNIT, PRODUCT, self._units.quantities),
        ):
            if apart := [name for name in self._unlike if name in measures]:
                index = self._now.dimensions.index(place)
                rows = defaultdict(list)
                for row in self._rows:
                    rows[kind_of(place, row.cells[index])].append(row)
                parts[member] = {kind: self._sums(part, apart) for kind, part in rows.items()}
        return parts

    def _total(self, measure: str) -> MeasureChange:
        if self._comparison is not None:
            return self._comparison.totals[measure]
        return MeasureChange(now=self._now.totals[measure], before=None)

    def _size(self, row: ComparedRow) -> Decimal:
        """The size of the change of the first measure; below zero where there is no figure."""
        change = row.changes[self._now.measures[0]].amount
        return Decimal(-1) if change is None else EXACT.abs(change)

    def _value(self, row: ComparedRow, column: str) -> Any:  # noqa: ANN401 - a number or a text
        if column in self._now.dimensions:
            cell = label_alone(row.cells[self._now.dimensions.index(column)])
            value = msgspec.json.decode(cell)
            return None if value is None else str(value).casefold()
        return self._figures(row)[column]


def _rows(now: FigureTable, comparison: Comparison | None) -> list[ComparedRow]:
    if comparison is not None:
        return list(comparison.rows)
    return [
        ComparedRow(
            key=row.key,
            cells=row.cells,
            changes={
                measure: MeasureChange(now=value, before=None)
                for measure, value in row.values.items()
            },
        )
        for row in now.rows
    ]
