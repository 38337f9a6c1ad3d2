"""One line of the tables: what a caller sends, and what 1C must then be asked, word for word."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

# Where no `top` is given the surfaces differ: 100 and one row over MCP, 5000 and one over REST.
OF_THE_SURFACE: Final = {"mcp": 101, "rest": 5001}
MAY: Final = {"from": "2026-05-01", "to": "2026-05-31"}
MAY_AS_TEXT: Final = '{"from":"2026-05-01","to":"2026-05-31"}'

Json = Mapping[str, Any]
Asked = tuple[tuple[str, Json], ...]


@attrs.frozen
class Row:
    """One call. sent: by the caller. asked: of 1C, each question as its path and its body."""

    tool: str
    form: str
    sent: Json
    asked: Asked

    def __str__(self) -> str:
        return f"{self.tool}: {self.form}"


def rows(tool: str, path: str, forms: Mapping[str, tuple[Json, Json]]) -> list[Row]:
    """The lines of a tool that asks one question."""
    return [Row(tool, form, sent, ((path, asked),)) for form, (sent, asked) in forms.items()]


def as_it_came(arguments: Json) -> tuple[Json, Json]:
    """1C is asked what was sent."""
    return arguments, arguments


def in_20_rows(arguments: Json) -> tuple[Json, Json]:
    """1C is asked what was sent, and for the one row more that tells whether there are more."""
    return {**arguments, "top": 20}, {**arguments, "top": 21}
