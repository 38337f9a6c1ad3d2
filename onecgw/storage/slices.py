"""Deletion of many rows in transactions that are short, so that other writes get their turn."""

import sqlite3
from typing import Final

SLICE_ROWS: Final = 200


def delete_slice(db: sqlite3.Connection, table: str, condition: str, *arguments: object) -> bool:
    """Delete at most SLICE_ROWS rows that meet a condition.

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
