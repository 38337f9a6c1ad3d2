"""Output of commands: a table for the terminal, or one JSON object per line."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import attrs
import click

from onecgw.observability.logging import visible

T = TypeVar("T", bound=attrs.AttrsInstance)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


def print_records(
    records: Sequence[T], columns: Mapping[str, Callable[[T], str]], *, as_json: bool
) -> None:
    """Print records as a table with these columns, or all their fields as JSON."""
    if as_json:
        print_json(map(attrs.asdict, records))
    else:
        rows = [[cell(record) for cell in columns.values()] for record in records]
        print_table(tuple(columns), rows)


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns that are as wide as their longest cell.

    Some texts come from 1C and from clients, so characters that control a terminal are escaped.
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


def format_time(seconds: int | None) -> str:
    """Return a time in UTC, with a Z as in the audit; "" for None."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")
