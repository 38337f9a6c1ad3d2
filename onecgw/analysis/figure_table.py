"""A whole report as figures: rows by their keys, measures as Decimals; a cut list is refused."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import attrs
import msgspec

from onecgw.analysis.decimals import EXACT, MAX_DIGITS, exact_sum
from onecgw.errors import LimitExceeded, OnecBadResponse
from onecgw.responses.raw_json import Members, decode
from onecgw.responses.response_check import cut_by_1c

Values = Mapping[str, Decimal | None]

ZERO: Final = Decimal(0)
_COLUMNS: Final = "columns: a list of {name, type}"


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
    notices: what has to be said of it.
    """

    columns: tuple[msgspec.Raw, ...]
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    additive: frozenset[str]
    rows: tuple[FigureRow, ...]
    totals: Values
    members: Members
    notices: tuple[str, ...] = ()

    def total(self, measure: str) -> Decimal:
        """The total of a measure; 0 where 1C sends null because there are no rows."""
        return self.totals[measure] or ZERO


class _NamedColumn(msgspec.Struct):
    name: str


class _Identified(msgspec.Struct):
    id: str | int


def read_table(
    members: Members, *, measures: Sequence[str], additive: Iterable[str], max_rows: int
) -> FigureTable:
    """The figures of a report.

    Args:
        members: of 1C's answer.
        measures: the columns that hold figures; every other column is a dimension.
        additive: the measures whose rows add up to their total; they are checked.
        max_rows: the longest list that is accepted.

    Raises:
        LimitExceeded: there are more rows, so nothing can be concluded from them.
        OnecBadResponse: it is no report, two rows have the same dimensions, or the rows do not add
            up to the total.
    """
    columns = decode(members.get("columns"), list[msgspec.Raw], "columns: a list of {name, type}")
    names = [
        decode(column, _NamedColumn, "columns: a list of {name, type}").name for column in columns
    ]
    rows = decode(members.get("rows"), list[list[msgspec.Raw]], "rows: a list of lists")
    if len(rows) > max_rows or cut_by_1c(members, len(rows)):
        raise LimitExceeded(
            f"this needs the whole list, and it has more than {max_rows} rows or was cut by 1C; "
            "narrow the period or the filters, or choose a coarser group_by"
        )
    if lacking := [measure for measure in measures if measure not in names]:
        raise OnecBadResponse(f"1C's answer lacks the column {', '.join(lacking)}")
    places = [index for index, name in enumerate(names) if name not in measures]
    totals = decode(members.get("totals"), Members, "totals: an object")
    table = FigureTable(
        columns=tuple(columns[index] for index in places),
        dimensions=tuple(names[index] for index in places),
        measures=tuple(measures),
        additive=frozenset(additive).intersection(measures),
        rows=tuple(_row(cells, names, places, measures) for cells in rows),
        totals={name: _number(totals.get(name), f"the total of {name}") for name in measures},
        members=members,
    )
    if len({row.key for row in table.rows}) < len(table.rows):
        raise OnecBadResponse("1C's answer has two rows for the same object")
    for measure in sorted(table.additive):
        _check_total(table, measure)
    return table


def sum_of(rows: Iterable[FigureRow], measure: str) -> Decimal:
    """The sum of a measure over rows; a cell without a figure adds nothing."""
    return exact_sum(value for row in rows if (value := row.values[measure]) is not None)


def percent(part: Decimal, whole: Decimal, *, places: int = 2) -> Decimal | None:
    """How many percent of the whole a part is, half away from zero; None where the whole is 0."""
    if not whole:
        return None
    ratio = EXACT.divide(EXACT.multiply(part, Decimal(100)), whole)
    unit = Decimal(1).scaleb(-places)
    return ratio.quantize(unit, rounding="ROUND_HALF_UP", context=EXACT)


def _row(
    cells: Sequence[msgspec.Raw], names: Sequence[str], places: list[int], measures: Sequence[str]
) -> FigureRow:
    if len(cells) != len(names):
        raise OnecBadResponse(
            f"1C's answer has a row of {len(cells)} cells for {len(names)} columns"
        )
    by_name = dict(zip(names, cells, strict=True))
    return FigureRow(
        key=tuple(_key(cells[index]) for index in places),
        cells=tuple(cells[index] for index in places),
        values={name: _number(by_name[name], f"a figure of {name}") for name in measures},
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


def _number(raw: msgspec.Raw | None, what: str) -> Decimal | None:
    """A figure; None for null, which 1C sends for the sum of nothing and for 0 divided by 0."""
    if raw is None or bytes(raw) == b"null":
        return None
    try:
        number = msgspec.json.decode(raw, type=Decimal)
    except (msgspec.DecodeError, ArithmeticError):
        raise OnecBadResponse(f"{what} in 1C's answer is not a number") from None
    if (
        not number.is_finite()
        or len(number.as_tuple().digits) > MAX_DIGITS
        or abs(number.adjusted()) > MAX_DIGITS
    ):
        raise OnecBadResponse(f"{what} in 1C's answer has more than {MAX_DIGITS} digits")
    return number


def _check_total(table: FigureTable, measure: str) -> None:
    added, total = sum_of(table.rows, measure), table.totals[measure]
    if total is None and not table.rows:
        return
    if added != total:
        raise OnecBadResponse(
            f"the rows of 1C's answer add up to {measure} {added}, and its total is {total}; if 1C "
            "cuts long lists, narrow the period or the filters"
        )
