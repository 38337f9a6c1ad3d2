"""The data dictionary: every exported table of the books, column by column, as Markdown."""

from typing import Final

from onecgw.demo.simulation.catalogue_tables import CATALOGUE_TABLES
from onecgw.demo.simulation.document_tables import DOCUMENT_TABLES
from onecgw.demo.simulation.registers import REGISTER_TABLES
from onecgw.demo.simulation.tables import Kind

TABLES: Final = (*CATALOGUE_TABLES, *DOCUMENT_TABLES, *REGISTER_TABLES)
_KINDS: Final = {
    "key": "whole number",
    "text": "text",
    "day": "day",
    "flag": "0 or 1",
    "number": "whole number",
    "money": "money, two decimals",
    "qty": "quantity, three decimals",
}


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
