"""Render the table of reports in docs/how-to/connect-1c.md from the catalogue."""

import re
from typing import Final, get_args

from onecgw.catalogue.declaration import Field, fields_of
from onecgw.catalogue.kinds.single_call import TableTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL
from onecgw.demo.reports import TABULAR
from tests.rendering.files import ROOT

PAGE: Final = ROOT / "docs" / "how-to" / "connect-1c.md"
BLOCK: Final = re.compile(r"(<!-- reports: [^>]*-->\n).*?(?=<!-- /reports -->)", re.DOTALL)

# The filters that take the id of a folder, by report.
FOLDERS_IN: Final = {
    report.path: {one.name for one in report.filters if one.branches} for report in TABULAR
}


def render_integration_page(page: str) -> str:
    """Return the page with its table of reports replaced."""
    table = (
        "| report | of | filters | group_by | measures |\n|---|---|---|---|---|\n",
        *(_report_line(tool) for tool in ALL if isinstance(tool, TableTool)),
    )
    return BLOCK.sub(lambda found: found.group(1) + "".join(table), page)


def _report_line(tool: Tool) -> str:
    fields = {field.name: field for field in fields_of(tool.request)}
    takes_folders = FOLDERS_IN[tool.operation.rpartition("/")[2]]
    filters = ", ".join(
        f"`{field.name}`{'†' if field.name in takes_folders else ''}"
        for field in fields_of(fields["filters"].type)
    )
    group_by, measures = (_choices(fields[name]) for name in ("group_by", "measures"))
    of = "period" if "period" in fields else "date"
    return f"| `/mcp/{tool.operation}` | {of} | {filters} | {group_by} | {measures} |\n"


def _choices(field: Field) -> str:
    """The members of an enumeration, those of the default first and bold."""
    members = get_args(get_args(field.type)[0])
    default = field.arg.default
    return ", ".join(
        (
            *(f"**`{member}`**" for member in default),
            *(
                f"`{member}`{'*' if member in field.arg.cost else ''}"
                for member in members
                if member not in default
            ),
        )
    )
