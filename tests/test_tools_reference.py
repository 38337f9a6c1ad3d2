"""docs/reference/tools.md is rendered from the catalogue: run this file to write it anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from onecgw.caller import ALL_SCOPES
from onecgw.contract import COST_MEASURES, Kind, Tool
from onecgw.schema import input_schema
from onecgw.tools import ALL
from tests.harness import view_of

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "tools.md"

HEAD: Final = """\
# Tools

<!-- Rendered from onecgw/tools by `python -m tests.test_tools_reference`. -->

Each tool is called over MCP (`tools/call`) and over REST (`POST` with the arguments as JSON body).
Days are `YYYY-MM-DD`. In `filters` all given filters apply together. An argument that is left out
takes its default in 1C; `null` and empty arrays are refused. Numbers above their maximum are
lowered, and the answer's `notice` says so. Measures marked * need the scope `mcp:report:cost`.

What models often get wrong is accepted: a whole number as a text, a boolean as `"true"`, an object
or an array as a JSON text, one text where an array of texts is due. Everything else is refused, all
problems at once, each with its path.

## Answers

A resolver answers `{"candidates": [{"id", "label", …}]}`. A report answers `columns`, `rows`
(cells in the order of the columns; a reference is `{"id", "label"}`), `totals` over the whole
selection, and whatever else 1C says (`period`, `applied_filters`, `notes`). The gateway adds:

| member | meaning |
|---|---|
| `rows_returned` | how many rows are in this answer |
| `truncated` | true when more rows exist than are in this answer |
| `notice` | what was cut or lowered, and how to narrow the question |

Without `top` an answer has at most `limits.default_rows` rows over MCP, `limits.max_rows` over
REST. An MCP answer larger than `limits.max_result_bytes` loses rows from its end and says so.
"""


def render_reference() -> str:
    return HEAD + "".join(line for tool in ALL for line in _section(tool))


def _section(tool: Tool) -> Iterator[str]:
    yield f"\n## {tool.name}\n\n{tool.about}\n\n"
    scopes = ", ".join(f"`{scope}`" for scope in sorted(tool.scopes))
    yield f"Scope {scopes}. REST `POST {tool.rest_path}`."
    yield " Passed through as 1C answers it.\n\n" if tool.kind is Kind.PASSED else "\n\n"
    yield "| argument | type | what it is |\n|---|---|---|\n"
    schema = input_schema(tool, view_of(frozenset(ALL_SCOPES)))
    yield from _rows(schema, path="")


def _rows(schema: dict[str, Any], path: str) -> Iterator[str]:
    for name, value in schema["properties"].items():
        required = " **required**" if name in schema.get("required", ()) else ""
        yield f"| `{path}{name}`{required} | {_type(value)} | {value['description']} |\n"
        inner = value.get("items", value)
        if "properties" in inner:
            yield from _rows(inner, path=f"{path}{name}{'[]' if inner is not value else ''}.")


def _type(schema: dict[str, Any]) -> str:
    if schema["type"] == "array":
        return f"array of {_type(schema['items'])}"
    if "enum" in schema:
        return ", ".join(
            f"`{member}`{'*' if member in COST_MEASURES else ''}" for member in schema["enum"]
        )
    if schema["type"] == "integer":
        return f"integer from {schema['minimum']} to {schema['maximum']}"
    return "day" if schema.get("format") == "date" else str(schema["type"])


def test_the_reference_of_the_tools_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_reference()


if __name__ == "__main__":
    PAGE.write_text(render_reference(), encoding="utf-8")
