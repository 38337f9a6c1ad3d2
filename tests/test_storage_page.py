"""docs/explanation/storage.md names every table and every column, and no others."""

import re
import sqlite3
from pathlib import Path
from typing import get_args

from onecgw.oauth.secrets import Kind
from onecgw.storage.schema import FIRST, MIGRATIONS

PAGE = (Path(__file__).parents[1] / "docs/explanation/storage.md").read_text(encoding="utf-8")


def documented() -> dict[str, list[str]]:
    """The tables of the page with their columns."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^#+ ", PAGE, flags=re.MULTILINE):
        if title := re.match(r"`(\w+)`: ", section):
            cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
            found[title[1]] = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    return found


def test_the_page_has_every_table_and_column() -> None:
    db = sqlite3.connect(":memory:")
    for statements in MIGRATIONS:
        for statement in statements:
            db.execute(statement)
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    real = {
        name: sorted(row[1] for row in db.execute(f"PRAGMA table_info({name})")) for name in names
    }
    hashed = {
        (name, row[1])
        for name in names
        for row in db.execute(f"PRAGMA table_info({name})")
        if row[2] == "BLOB"
    }
    db.close()
    page = documented()
    assert {name: sorted(columns) for name, columns in page.items()} == real
    # What is secret says how it is protected.
    for name, column in hashed:
        section = PAGE.split(f"### `{name}`")[1].split("\n#")[0]
        (row,) = re.findall(rf"^\| `{column}` \|.*$", section, re.MULTILINE)
        assert re.search(r"\| (hashed|encrypted|useless without)", row), row


def test_the_page_has_every_kind_of_hash_and_the_version() -> None:
    (row,) = re.findall(r"^\| pepper \| one for each kind: (.*?) \|", PAGE, re.MULTILINE)
    assert tuple(row.split(", ")) == get_args(Kind)
    assert f"`onecgw.db.v{FIRST}`" in PAGE
