"""A whole report as figures: rows by their keys, measures as Decimals; a cut list is refused."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from types import GenericAlias
from typing import Any, Final

import attrs
import msgspec

from onecgw.analysis.decimals import EXACT, MAX_DIGITS, exact_sum
from onecgw.errors import LimitExceeded, OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.notices import cut_by_1c
from onecgw.responses.raw_json import Members, decode
from onecgw.responses.units import NO_UNITS, MeasureUnits, unlike_measures

Values = Mapping[str, Decimal | None]

ZERO: Final = Decimal(0)
# Raises for a number of more digits, for what is no number, and for an exponent beyond them.
_MONEY: Final = Context(
    prec=MAX_DIGITS,
    Emax=MAX_DIGITS,
    Emin=-MAX_DIGITS,
    traps=[Inexact, Overflow, Subnormal, InvalidOperation],
)


@attrs.frozen(kw_only=True)
class FigureRow:
    """One row.

    key: its dimensions in a comparable form: ids of references, other cells as they are written.
    cells: its dimensions as 1C sent them.
    """

    key: tuple[str, ...]
    cells: tuple[msgspec.Raw, ...]
    values: Values


@attrs.frozen(kw_only=True)
class FigureTable:
    """All rows of a report.

    columns: of the dimensions, `{name, type}` as 1C sent them. dimensions: their names.
    additive: the measures whose rows add up to their total.
    members: of the answer, as 1C sent them.
    notices: sentences about it that the caller must read.
    unlike: the measures whose rows are in several currencies or units, so that their sum means
        nothing.
    """

    columns: tuple[msgspec.Raw, ...]
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    additive: frozenset[str]
    rows: tuple[FigureRow, ...]
    totals: Values
    members: Members
    notices: tuple[str, ...] = ()
    unlike: frozenset[str] = frozenset()

    def total(self, measure: str) -> Decimal:
        """The total of a measure; 0 where 1C sends null because there are no rows."""
        return self.totals[measure] or ZERO


class _NamedColumn(msgspec.Struct):
    name: str


class _Identified(msgspec.Struct):
    id: str | int


def read_table(
    members: Members,
    *,
    measures: Sequence[str],
    additive: Iterable[str],
    max_rows: int,
    units: MeasureUnits = NO_UNITS,
) -> FigureTable:
    """The figures of a report.

    Args:
        members: of 1C's answer.
        measures: the columns that hold figures; every other column is a dimension.
        additive: the measures whose rows add up to their total; they are checked.
        max_rows: the longest list that is accepted.
        units: of the measures.

    Raises:
        LimitExceeded: there are more rows, so nothing can be concluded from them.
        OnecBadResponse: it is no report, two rows have the same dimensions, or the rows do not add
            up to the total.
    """
    columns = decode(members.get("columns"), list[msgspec.Raw], "columns")
    names = [decode(column, _NamedColumn, "columns").name for column in columns]
    rows = _decoded_rows(members, [name in measures for name in names])
    if len(rows) > max_rows or cut_by_1c(members, len(rows)):
        raise LimitExceeded(say("errors.whole_list", rows=max_rows))
    if lacking := [measure for measure in measures if measure not in names]:
        raise OnecBadResponse(say("bad_response.lacks_column", columns=", ".join(lacking)))
    places = [index for index, name in enumerate(names) if name not in measures]
    totals = decode(members.get("totals"), Members, "object", member="totals")
    table = FigureTable(
        columns=tuple(columns[index] for index in places),
        dimensions=tuple(names[index] for index in places),
        measures=tuple(measures),
        additive=frozenset(additive).intersection(measures),
        rows=tuple(_row(cells, names, places, measures) for cells in rows),
        totals={name: _number(totals.get(name), name) for name in measures},
        members=members,
    )
    if len({row.key for row in table.rows}) < len(table.rows):
        raise OnecBadResponse(say("bad_response.row_twice"))
    ordered = (*table.dimensions, *measures)
    unlike = unlike_measures(ordered, (row.cells for row in table.rows), units)
    for measure in sorted(table.additive):
        if table.totals[measure] is not None or measure not in unlike:
            _check_total(table, measure)
    return attrs.evolve(table, unlike=unlike)


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """A part in percent of the whole, to 0.01, half away from zero; None where the whole is 0."""
    if not whole:
        return None
    ratio = EXACT.divide(EXACT.multiply(part, Decimal(100)), whole)
    return ratio.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP", context=EXACT)


def _decoded_rows(members: Members, is_figure: Sequence[bool]) -> list[Sequence[Any]]:
    """The rows, each cell a Raw or, in the place of a figure, a number.

    msgspec reads numbers of all rows in one pass, in a tenth of the time that cells take one by
    one; those are only for an answer that is not what was agreed, to say what is wrong.
    """
    types = tuple(Decimal | None if one else msgspec.Raw for one in is_figure)
    raw = members.get("rows", msgspec.Raw(b"null"))
    try:
        row = GenericAlias(tuple, types)
        rows: list[Sequence[Any]] = msgspec.json.decode(raw, type=GenericAlias(list, (row,)))
    except (msgspec.DecodeError, ArithmeticError):
        return [*decode(raw, list[list[msgspec.Raw]], "rows")]
    return rows


def _row(
    cells: Sequence[Any], names: Sequence[str], places: list[int], measures: Sequence[str]
) -> FigureRow:
    if len(cells) != len(names):
        raise OnecBadResponse(say("bad_response.row_cells", cells=len(cells), columns=len(names)))
    return FigureRow(
        key=tuple([_key(cells[index]) for index in places]),
        cells=tuple([cells[index] for index in places]),
        values={name: _number(cells[names.index(name)], name) for name in measures},
    )


def _key(cell: msgspec.Raw) -> str:
    """The id of a reference in lower case, in which any other cell is as it is written."""
    text = bytes(cell)
    if text[:1] != b"{":
        return text.decode()
    try:
        return f"id {msgspec.json.decode(cell, type=_Identified).id}".lower()
    except msgspec.ValidationError:
        return text.decode()  # some bases send "without an object" as a label without an id


def _number(cell: msgspec.Raw | Decimal | None, what: str) -> Decimal | None:
    """A figure; None for null, which 1C sends for the sum of nothing and for 0 divided by 0."""
    number = cell
    if isinstance(cell, msgspec.Raw):
        try:
            number = msgspec.json.decode(cell, type=Decimal | None)
        except (msgspec.DecodeError, ArithmeticError):
            raise OnecBadResponse(say("bad_response.figure", name=what)) from None
    if not isinstance(number, Decimal):
        return None
    if not number.is_finite():  # a JSON text may say NaN
        raise OnecBadResponse(say("bad_response.figure", name=what))
    try:
        _MONEY.plus(number)  # in C: as_tuple would take longer than all the rest
    except ArithmeticError:
        raise OnecBadResponse(say("bad_response.digits", name=what, digits=MAX_DIGITS)) from None
    return number


def _check_total(table: FigureTable, measure: str) -> None:
    added = exact_sum(row.values[measure] or ZERO for row in table.rows)
    total = table.totals[measure]
    if added != total and (table.rows or total is not None):
        raise OnecBadResponse(say("bad_response.sum", measure=measure, added=added, total=total))
