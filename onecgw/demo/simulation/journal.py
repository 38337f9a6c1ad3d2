"""The journal: documents in the order they are written, numbered, on the way to SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from onecgw.demo.simulation.document_tables import DOCUMENT_TABLES

# A line is a row of its table without the document: the product, its qty, then money.
SaleLine = tuple[int, int, int, int, int]
PurchaseLine = tuple[int, int, int, int]
TransferLine = tuple[int, int, int]

# Table of documents → the prefix of their numbers, that of returns, and the table of their lines.
_KINDS: Final = {
    "sales": ("РН", "ВЗ", "sale_lines"),
    "purchases": ("ПН", "ВП", "purchase_lines"),
    "stock_transfers": ("ПТ", "", "stock_transfer_lines"),
    "cash_documents": ("ДС", "", ""),
    "cash_transfers": ("ПД", "", ""),
}
_COLUMNS: Final = {table.name: [one.name for one in table.columns] for table in DOCUMENT_TABLES}


class Journal:
    """Collects documents until they are flushed to the database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rows: dict[str, list[Sequence[object]]] = {table: [] for table in _COLUMNS}
        self._counters: dict[str, int] = {}

    def write(
        self,
        table: str,
        day: date,
        *,
        lines: Iterable[Sequence[int]] = (),
        **values: int | str | None,
    ) -> int:
        """Write a document with its lines.

        Args:
            table: a table of documents.
            day: the day of the document.
            lines: without the document.
            values: the other columns, by name; those that are left out are empty.

        Returns:
            The id of the document.
        """
        prefix, return_prefix, line_table = _KINDS[table]
        self._counters[table] = number = self._counters.get(table, 0) + 1
        code = f"{return_prefix if values.get('return_of') else prefix}-{number:07}"
        row = {"id": number, "day": day.isoformat(), "number": code, **values}
        self._rows[table].append([row.pop(name, None) for name in _COLUMNS[table]])
        if row:
            raise TypeError(f"{table} has no columns {', '.join(row)}")
        if lines:
            self._rows[line_table].extend((number, *line) for line in lines)
        return number

    def write_opening(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Write the opening balances of one kind."""
        self._rows[table].extend(rows)

    def flush(self) -> None:
        """Store what has been collected since the last flush."""
        for table, rows in self._rows.items():
            places = ",".join("?" * len(_COLUMNS[table]))
            self._db.executemany(
                f"INSERT INTO {table} VALUES ({places})",  # noqa: S608 - our own table names
                rows,
            )
            rows.clear()
