"""Render the tables of docs/reference/demo.md: the faults, and the dictionary of the tables."""

from typing import Final

from onecgw.demo.csv_export import render_dictionary
from onecgw.demo.fault_plan import FAULTS
from tests.rendering.files import ROOT

PAGE: Final = ROOT / "docs" / "reference" / "demo.md"


def render_demo_page(page: str) -> str:
    """Return the page with its rendered parts replaced."""
    faults = "".join(f"| `{name}` | {what} |\n" for name, what in FAULTS.items())
    parts = {
        "faults": f"| fault | what happens |\n|---|---|\n{faults}",
        "dictionary": f"\n{render_dictionary()}\n",
    }
    for name, text in parts.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        head, _, rest = page.partition(start)
        page = f"{head}{start}{text}{end}{rest.partition(end)[2]}"
    return page
