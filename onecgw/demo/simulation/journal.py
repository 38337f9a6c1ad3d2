"""The journal: documents in the order they are written, numbered, on the way to SQLite."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from onecgw.demo.simulation.document_tables import DOCUMENT_TABLES
from onecgw.demo.simulation.tables import insert_statement

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
_TABLES: Final = {table.name: table for table in DOCUMENT_TABLES}


class Journal:
    """Collects documents until they are flushed to the database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rows: dict[str, list[Sequence[object]]] = {table: [] for table in _TABLES}
        self._counters: Counter[str] = Counter()

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
        self._counters[table] += 1
        number = self._counters[table]
        code = f"{return_prefix if values.get('return_of') else prefix}-{number:07}"
        row = {"id": number, "day": day.isoformat(), "number": code, **values}
        self._rows[table].append([row.pop(column.name, None) for column in _TABLES[table].columns])
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
            self._db.executemany(insert_statement(_TABLES[table]), rows)
            rows.clear()
