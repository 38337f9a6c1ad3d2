"""The columns and rows of a report: their shape, and what a large list of rows is read as.

Hot for large answers: all rows are read in one pass of C. It must not read rows twice, make an
object of a value that nobody looks at, or hold a whole large list decoded.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import GenericAlias
from typing import Any, Final

import attrs
import msgspec

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.raw_json import Members, decode, is_empty, object_in
from onecgw.responses.units import (
    CURRENCY,
    PRODUCT,
    MeasureUnits,
    NamedCurrency,
    UnitOfProduct,
    measures_by_place,
)

_PIECE_BYTES: Final = 2 * 1024 * 1024  # of rows, which are decoded in some milliseconds
_NUMBER_BEGINS: Final = frozenset(b"-0123456789")


class ResponseColumn(msgspec.Struct):
    """A column of a report."""

    name: str
    type: str


_Scalar = str | int | float | bool | None


class _AnyObject(msgspec.Struct, gc=False):
    """An object of which nothing is looked at."""


class PlainReference(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A reference as nearly every base writes it, all of it declared: nothing can hide in it."""

    id: _Scalar = None
    label: _Scalar = None
    kind: _Scalar = None
    code: _Scalar = None
    unit: _Scalar = None
    parent: _Scalar = None


# What cells of a type may be. A reference may be a bare GUID, a text may be written as a number.
_CELLS: Final[Mapping[str, Any]] = {
    "number": int | float | None,
    "date": str | None,
    "string": _Scalar,
    "ref": _AnyObject | str | int | None,
}
_PLAIN_CELLS: Final[Mapping[str, Any]] = {**_CELLS, "ref": PlainReference | str | int | None}
# What they may be in the columns of which the values are looked at; other types are not read here.
_CELLS_OF_PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    CURRENCY: {"string": str | None, "ref": NamedCurrency | str | None},
    PRODUCT: {"string": _Scalar, "ref": UnitOfProduct | str | int | None},
}
# The first byte of a value of a type; null is a value of each.
_BEGINS: Final[Mapping[str, frozenset[int]]] = {
    "number": _NUMBER_BEGINS,
    "date": frozenset(b'"'),
    "string": _NUMBER_BEGINS | frozenset(b'"tf'),
    "ref": _NUMBER_BEGINS | frozenset(b'{"'),
}


@attrs.frozen
class RowsRead:
    """Rows whose cells are what their columns say.

    count: how many.
    kinds: by column, the currencies, and the units of the products; only of columns to which a
        measure belongs, and without those rows that do not say it.
    """

    count: int
    kinds: Mapping[str, frozenset[str]]


def read_rows(members: Members, units: MeasureUnits, *, is_redacted: bool) -> RowsRead | None:
    """What has to be known of the rows of a report, read in one pass.

    Args:
        members: of the answer.
        units: of its measures.
        is_redacted: rows with a reference that has other members than PlainReference, or with
            objects in a column of a type that the contract does not have, are not read.

    Returns:
        None where a row or a column is unusual; it may be right nevertheless.
    """
    try:
        columns = msgspec.json.decode(members["columns"], type=list[ResponseColumn])
        names = [column.name for column in columns]
        places = {}
        if CURRENCY in names or PRODUCT in names:  # most reports have neither
            places = {place: names.index(place) for place in measures_by_place(names, units)}
        types = tuple(
            (column.type.lower(), column.name if column.name in places else "")
            for column in columns
        )
        decoder = _rows_decoder(types, is_plain=is_redacted)
        count, found = 0, {place: set[object]() for place in places}
        for rows in _in_pieces(members["rows"], decoder):
            count += len(rows)
            for place, index in places.items():
                found[place] |= _kinds_of(place, (row[index] for row in rows))
    except (KeyError, msgspec.DecodeError, RecursionError):
        return None
    if not all(isinstance(currency, str) for currency in found.get(CURRENCY, ())):
        return None
    kinds = {
        place: frozenset(one for one in values if isinstance(one, str) and one)
        for place, values in found.items()
    }
    return RowsRead(count, kinds)


def _kinds_of(place: str, cells: Iterable[Any]) -> set[object]:
    # Names of attributes and not of classes: which class it is depends on what else is looked at.
    if place == PRODUCT:
        return {cell.unit for cell in cells if hasattr(cell, "unit")}
    # null is a kind of its own, as `currency_label` has it: its rows add up to no other currency.
    return {"null" if cell is None else getattr(cell, "label", cell) for cell in cells}


@functools.lru_cache(maxsize=256)
def _rows_decoder(
    columns: tuple[tuple[str, str], ...], *, is_plain: bool
) -> msgspec.json.Decoder[list[Any]]:
    """What reads rows at the speed of C.

    Args:
        columns: the type of each, and its name if its values are looked at, else "".
        is_plain: references have no other members than PlainReference. A column of a type of 1C's
            own holds no objects or lists then; otherwise it may hold anything.

    Raises:
        KeyError: a column that is looked at has another type than text and reference.
    """
    cells, other = (_PLAIN_CELLS, _Scalar) if is_plain else (_CELLS, msgspec.Raw)
    row = tuple(
        _CELLS_OF_PLACES[name][kind]
        if name and not (is_plain and kind == "ref")
        else cells.get(kind, other)
        for kind, name in columns
    )
    return msgspec.json.Decoder(GenericAlias(list, (GenericAlias(tuple, row),)))


def _in_pieces(rows: msgspec.Raw, decoder: msgspec.json.Decoder[list[Any]]) -> Iterator[list[Any]]:
    """The rows, some at a time: while a thread decodes all of 20 MB at once, no other can run.

    A list is cut wherever one list seems to end and the next to begin. Where both sides are lists
    of rows by themselves, that was so; where it was not (in a text, in a cell), decoding fails.
    """
    if len(memoryview(rows)) <= _PIECE_BYTES:
        yield decoder.decode(rows)
        return
    body, begin = bytes(rows), 1  # after the bracket
    while (end := body.find(b"],[", begin + _PIECE_BYTES)) > 0:
        yield decoder.decode(b"[%b]" % body[begin : end + 1])
        begin = end + 2
    yield decoder.decode(b"[" + body[begin:])


def check_columns(columns: Sequence[ResponseColumn], arguments: Mapping[str, Any]) -> None:
    """Refuse columns that are ambiguous, or lack one that was asked for by name.

    Raises:
        OnecBadResponse: naming the columns.
    """
    names = [column.name for column in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise OnecBadResponse(say("bad_response.column_twice", columns=", ".join(twice)))
    requested = (*arguments.get("group_by", ()), *arguments.get("measures", ()))
    if columns and (lacking := [name for name in requested if name not in names]):
        raise OnecBadResponse(say("bad_response.lacks_column", columns=", ".join(lacking)))


def check_cells(rows: msgspec.Raw, columns: Sequence[ResponseColumn]) -> None:
    """Refuse rows whose cells are not what their columns say, where `read_rows` read none.

    Cells are looked at one by one: a number that no float holds is right, too.

    Raises:
        OnecBadResponse: with the row and the column.
    """
    for index, row in enumerate(decode(rows, list[list[msgspec.Raw]], "rows")):
        if len(row) != len(columns):
            raise OnecBadResponse(
                say("bad_response.cells", row=index, cells=len(row), columns=len(columns))
            )
        for cell, column in zip(row, columns, strict=True):
            if not _is_of_type(bytes(cell), column.type.lower()):
                raise OnecBadResponse(
                    say("bad_response.cell", row=index, column=column.name, type=column.type)
                )


def check_totals(members: Members, columns: Sequence[ResponseColumn]) -> None:
    """Refuse totals that are no object, or in which a figure is no number.

    Raises:
        OnecBadResponse: saying which.
    """
    raw = members.get("totals")
    if is_empty(raw):
        return
    totals = object_in(raw, "totals")
    numbers = {column.name for column in columns if column.type.lower() == "number"}
    for name, total in totals.items():
        if name in numbers and not _is_of_type(bytes(total), "number"):
            raise OnecBadResponse(say("bad_response.total", measure=name))


def _is_of_type(cell: bytes, kind: str) -> bool:
    return cell == b"null" or kind not in _BEGINS or cell[0] in _BEGINS[kind]
