"""The files that are rendered from code are up to date; `python -m tests.render` writes them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from onecgw.catalogue.tools import BY_NAME
from onecgw.demo.accounts import ACCOUNTS
from onecgw.demo.books import Books
from tests.rendering import demo_page, integration_page, readme, snapshots
from tests.rendering.everything import render_declared, render_everything
from tests.rendering.files import ROOT


def assert_up_to_date(files: Mapping[Path, str]) -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"stale: {', '.join(stale)}; run `python -m tests.render`, review the diff"


def test_the_files_rendered_from_declarations_are_up_to_date() -> None:
    assert_up_to_date(render_declared())


@pytest.mark.slow
async def test_every_rendered_file_is_up_to_date(small_books: Books) -> None:
    assert_up_to_date(await render_everything(small_books))


def test_no_snapshot_is_left_of_a_tool_that_is_gone() -> None:
    gone = {path.stem for path in snapshots.FOLDER.glob("*.json")} - set(BY_NAME)

    assert not gone, f"delete the snapshots of tools that do not exist: {sorted(gone)}"


def test_the_places_of_rendered_parts_are_in_their_pages() -> None:
    table = integration_page.BLOCK.search(integration_page.PAGE.read_text(encoding="utf-8"))

    assert table is not None
    assert "/mcp/reports/sales" in table[0]
    assert len(readme.COUNTS.findall(readme.PAGE.read_text(encoding="utf-8"))) == 1


def test_the_page_on_the_demo_names_every_key() -> None:
    page = demo_page.PAGE.read_text(encoding="utf-8")

    assert [account.key for account in ACCOUNTS if f"`{account.key}`" not in page] == []


@pytest.mark.parametrize(
    ("number", "text"), [(0, "zero"), (17, "seventeen"), (20, "twenty"), (41, "forty-one")]
)
def test_numbers_are_written_in_words(number: int, text: str) -> None:
    assert readme.in_words(number) == text
