"""The books as CSV files with a data dictionary: a report can be checked in a spreadsheet."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, TextIO, TypeGuard, get_args

from onecgw.demo.books import Books
from onecgw.demo.simulation.catalogue_entries import CatalogueName
from onecgw.demo.simulation.catalogue_tables import CATALOGUE_TABLES
from onecgw.demo.simulation.document_tables import DOCUMENT_TABLES
from onecgw.demo.simulation.registers import REGISTER_TABLES
from onecgw.demo.simulation.tables import Column, Kind, Table
from onecgw.errors import ConfigError

TABLES: Final = (*CATALOGUE_TABLES, *DOCUMENT_TABLES, *REGISTER_TABLES)
DICTIONARY_FILE: Final = "README.md"
_KINDS: Final = {
    "key": "whole number",
    "text": "text",
    "day": "day",
    "flag": "0 or 1",
    "number": "whole number",
    "money": "money, two decimals",
    "qty": "quantity, three decimals",
}
_PLACES: Final = {"money": 2, "qty": 3}
_INTRODUCTION: Final = """# The books of the demo company

Size {size}, seed {seed}, from {first_day} to {today}. Every report of the demo can be computed from
these files. Text is UTF-8, columns are divided by commas, decimals have a point. A reference is
written as the name and, in the next column, the id that the service answers with.

"""


def export_books(books: Books, folder: Path) -> list[Path]:
    """Write one CSV file per table and the data dictionary; returns the files.

    Args:
        books: the same books give the same bytes.
        folder: made if it is not there; files of the same names are overwritten.

    Raises:
        ConfigError: the folder cannot be written; no file is left half written.
    """
    introduction = _INTRODUCTION.format(
        size=books.size, seed=books.seed, first_day=books.first_day, today=books.today
    )
    dictionary = folder / DICTIONARY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _writing(dictionary, "utf-8") as file:
            file.write(introduction + render_dictionary())
        return [dictionary, *(_export_table(books, table, folder) for table in TABLES)]
    except OSError as error:
        raise ConfigError(f"the books cannot be exported: {error}") from error


def render_dictionary() -> str:
    """Render the data dictionary; the same text is in docs/reference/demo.md."""
    parts = []
    for title, tables in (
        ("Catalogues", CATALOGUE_TABLES),
        ("Documents", DOCUMENT_TABLES),
        ("Registers", REGISTER_TABLES),
    ):
        parts.append(f"### {title}\n")
        for table in tables:
            parts.append(f"**{table.name}.csv** — {table.about}\n")
            parts.append("| column | is | about |\n|---|---|---|")
            parts += [f"| {one.name} | {_is(one.kind)} | {one.about} |" for one in table.exported]
            parts.append("")
    return "\n".join(parts)


def _is(kind: Kind) -> str:
    return _KINDS.get(kind, f"name in {kind}, with its uuid in the next column")


def _export_table(books: Books, table: Table, folder: Path) -> Path:
    path = folder / f"{table.name}.csv"
    columns = ", ".join(column.name for column in table.exported)
    writers = [_writer(books, column.kind) for column in table.exported]
    # The signature lets spreadsheets see that it is UTF-8.
    with _writing(path, "utf-8-sig") as file, books.reading() as db:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([name for column in table.exported for name in _headings(column)])
        for row in db.execute(f"SELECT {columns} FROM {table.name} ORDER BY rowid"):  # noqa: S608
            out.writerow(
                [cell for value, write in zip(row, writers, strict=True) for cell in write(value)]
            )
    return path


@contextmanager
def _writing(path: Path, encoding: str) -> Iterator[TextIO]:
    """A file that is written to its end or removed."""
    with path.open("w", encoding=encoding, newline="") as file:
        try:
            yield file
            file.flush()
        except OSError:
            path.unlink()
            raise


def _headings(column: Column) -> Iterator[str]:
    yield column.name
    if _is_reference(column.kind):
        yield f"{column.name}_uuid"


def _writer(books: Books, kind: Kind) -> Callable[[object], tuple[object, ...]]:
    """What turns a stored value into the cells of the file."""
    if _is_reference(kind):
        cells = {item.id: (item.label, item.uuid) for item in books.catalogues[kind].items}
        return lambda value: cells[value] if isinstance(value, int) else ("", "")
    places = _PLACES.get(kind)
    if places is None:
        return lambda value: (value,)
    return lambda value: (Decimal(str(value)).scaleb(-places),)


def _is_reference(kind: Kind) -> TypeGuard[CatalogueName]:
    return kind in get_args(CatalogueName)
