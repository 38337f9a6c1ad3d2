"""The answer of a tool as a table for the terminal; every number as 1C sent it."""

import json
from typing import Any, Final

import click
import msgspec

from onecgw.cli.output import print_table
from onecgw.observability.logging import visible

_SHOWN: Final = frozenset({"columns", "rows", "candidates", "totals", "notice"})


def print_answer(body: bytes) -> None:
    """Print a report or the candidates of a resolver as a table, another answer as indented JSON.

    Args:
        body: the JSON object that a tool answers.
    """
    # Numbers stay texts, so that no digit changes.
    answer: dict[str, Any] = json.loads(body, parse_float=str, parse_int=str)
    if "candidates" in answer:
        _print_candidates(answer["candidates"])
    elif {"columns", "rows"} <= answer.keys():
        _print_report(answer)
    else:
        click.echo(msgspec.json.format(body, indent=2))
        return
    for name, value in answer.items():
        if name not in _SHOWN and value not in (None, "", [], {}):
            for line in value if isinstance(value, list) else [value]:
                click.echo(visible(f"{name}: {_cell(line)}"))
    if notice := answer.get("notice"):
        click.echo(visible(f"notice: {notice}"))


def _print_candidates(candidates: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for candidate in candidates for name in candidate))
    rows = [[_cell(candidate.get(name)) for name in names] for candidate in candidates]
    print_table([name.upper() for name in names] or ["NO CANDIDATES"], rows)


def _print_report(answer: dict[str, Any]) -> None:
    names = [_column_name(column) for column in answer["columns"]]
    rows = [[_cell(cell) for cell in row] for row in answer["rows"]]
    if totals := answer.get("totals"):
        total = [_cell(totals[name]) if name in totals else "" for name in names]
        rows.append(["TOTAL", *total[1:]] if not total[0] else total)
    print_table([name.upper() for name in names], rows)


def _column_name(column: object) -> str:
    return str(column["name"]) if isinstance(column, dict) else str(column)


def _cell(value: object) -> str:
    """A reference is shown by its label, an empty value as nothing."""
    if value is None:
        return ""
    if isinstance(value, dict) and "label" in value:
        return str(value["label"])
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
