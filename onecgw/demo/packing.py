"""Groups as numbers: all that a report groups by is packed into one, which sorts fastest.

SQLite sorts lines to group them, and compares single whole numbers several times faster than rows
of columns. A field has as many bits as its catalogue or calendar needs: a word holds six and more.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

import attrs

from onecgw.demo.books import Books
from onecgw.demo.report import ID_BITS, KIND_BITS, Dimension

# SQLite's whole numbers have 64, one of them for the sign.
_WORD_BITS: Final = 63


@attrs.frozen(kw_only=True)
class Word:
    """A number for some dimensions of a group.

    sql: how it is made from their columns.
    fields: how each dimension is read from it, by name.
    """

    name: str
    sql: str
    fields: Mapping[str, str]


def pack(dimensions: Sequence[Dimension], books: Books) -> list[Word]:
    """The words for some dimensions: one, or more where they do not fit."""
    chunks: list[list[Dimension]] = [[]]
    room = _WORD_BITS
    for dimension in dimensions:
        bits = _bits(dimension, books)
        if bits > room:
            chunks.append([])
            room = _WORD_BITS
        chunks[-1].append(dimension)
        room -= bits
    return [_word(f"group_{place}", chunk, books) for place, chunk in enumerate(chunks, 1)]


def group_count(dimensions: Sequence[Dimension], books: Books) -> int:
    """How many groups there could be, were every combination met."""
    names = [dimension.name for dimension in dimensions]
    free = [dimension for dimension in dimensions if dimension.given_by not in names]
    return prod(_value_count(dimension, books) for dimension in free)


def _word(name: str, dimensions: Sequence[Dimension], books: Books) -> Word:
    """`a << 3 | b << 4 | c`: SQLite reads it from left to right, shifting what stands before."""
    first, *others = dimensions
    sql = first.column
    fields: dict[str, str] = {}
    for dimension in others:
        sql += f" << {_bits(dimension, books)} | {dimension.column}"
    shift = 0
    for dimension in reversed(others):
        mask = (1 << _bits(dimension, books)) - 1
        fields[dimension.name] = f"{name} >> {shift} & {mask}"
        shift += _bits(dimension, books)
    fields[first.name] = f"{name} >> {shift}"
    return Word(name=name, sql=sql, fields=fields)


def _value_count(dimension: Dimension, books: Books) -> int:
    """How many values a dimension can have."""
    if dimension.kind == "date":
        return len(books.calendar[dimension.name])
    if dimension.kind == "string":
        return len(dimension.texts)
    items = [item for name in dimension.catalogues for item in books.catalogues[name].items]
    return sum(item.is_group == dimension.of_folders for item in items)


def _bits(dimension: Dimension, books: Books) -> int:
    """How many bits the values of a dimension need."""
    if dimension.kind == "date":
        return len(books.calendar[dimension.name]).bit_length()
    if dimension.kind == "string":
        return len(dimension.texts).bit_length()
    if len(dimension.catalogues) > 1:
        return ID_BITS + KIND_BITS
    return len(books.catalogues[dimension.catalogues[0]].items).bit_length()
