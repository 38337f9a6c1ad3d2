"""Rows as a table for the terminal, or as one JSON object per line."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

from onecgw.observability.logging import visible


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need; the last one is not padded.

    1C and clients write some of it, so nothing in it may steer the terminal.
    """
    lines = [[visible(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=False))
        click.echo("  ".join((*cells, line[-1])).rstrip())


def print_json(values: Iterable[object]) -> None:
    """Print one JSON object per line."""
    for value in values:
        click.echo(json.dumps(value, ensure_ascii=False, default=sorted))


def moment(seconds: int | None) -> str:
    """An instant for people, in UTC, which the Z says as in the audit; "" for none."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")
