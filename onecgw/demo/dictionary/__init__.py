"""The data dictionary: every table of the books that is exported, column by column."""

from typing import Final

from onecgw.demo.dictionary.catalogues import CATALOGUE_TABLES
from onecgw.demo.dictionary.columns import Kind
from onecgw.demo.dictionary.documents import DOCUMENT_TABLES
from onecgw.demo.dictionary.registers import REGISTER_TABLES

TABLES: Final = (*CATALOGUE_TABLES, *DOCUMENT_TABLES, *REGISTER_TABLES)


def render_dictionary() -> str:
    """The data dictionary as Markdown; the same text is in docs/reference/demo.md."""
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
            parts += [f"| {one.name} | {_is(one.kind)} | {one.about} |" for one in table.columns]
            parts.append("")
    return "\n".join(parts)


def _is(kind: Kind) -> str:
    plain = {
        "text": "text",
        "day": "day",
        "flag": "0 or 1",
        "number": "whole number",
        "money": "money, two decimals",
        "qty": "quantity, three decimals",
    }
    return plain.get(kind, f"name in {kind}, with its uuid in the next column")
