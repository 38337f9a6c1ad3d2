"""Insertion of one row, and deletion of many in short transactions."""

import sqlite3
from collections.abc import Mapping
from typing import Final

SLICE_ROWS: Final = 200


def insert_row(db: sqlite3.Connection, table: str, values: Mapping[str, object]) -> None:
    """Insert a row. table: a constant. values: by the names of their columns, constants too."""
    columns, places = ", ".join(values), ", ".join("?" * len(values))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - constants
    db.execute(statement, tuple(values.values()))


def delete_slice(db: sqlite3.Connection, table: str, condition: str, *arguments: object) -> bool:
    """Delete at most SLICE_ROWS rows that meet a condition, so that other writes get their turn.

    Args:
        db: within a transaction.
        table: a constant.
        condition: a constant; an index must find its rows, or each slice reads the whole table.
        *arguments: of the condition.

    Returns:
        Whether more rows may be left.
    """
    done = db.execute(
        f"DELETE FROM {table} WHERE rowid IN"  # noqa: S608 - constants
        f" (SELECT rowid FROM {table} WHERE {condition} LIMIT {SLICE_ROWS})",
        arguments,
    )
    return done.rowcount == SLICE_ROWS
