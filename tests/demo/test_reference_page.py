"""The reference page of the demo says what the code says.

`python -m tests.demo.test_reference_page` renews it.
"""

from pathlib import Path

from onecgw.demo.accounts import ACCOUNTS
from onecgw.demo.data_dictionary import render_dictionary
from onecgw.demo.fault_plan import FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "demo.md"


def render(page: str) -> str:
    """The page with its generated parts."""
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


def test_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == render(page)


def test_page_names_every_key() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [account.key for account in ACCOUNTS if f"`{account.key}`" not in page] == []


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
