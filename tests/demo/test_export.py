"""A report can be computed again from the exported files."""

import csv
import multiprocessing
import resource
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from onecgw.demo.books import Books
from onecgw.demo.csv_export import DICTIONARY_FILE, TABLES, export_books
from onecgw.demo.simulation.catalogue_tables import CATALOGUE_TABLES
from onecgw.errors import ConfigError
from tests.builders.demo_queries import TODAY, WHOLE, ask


@pytest.fixture(scope="module")
def folder(small_books: Books, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("export")
    export_books(small_books, found)
    return found


def lines(folder: Path, table: str) -> Iterator[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def test_every_table_is_a_file_with_the_columns_of_the_dictionary(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        DICTIONARY_FILE,
        *(f"{table.name}.csv" for table in TABLES),
    }
    for table in TABLES:
        row = next(lines(folder, table.name))
        assert {column.name for column in table.exported} <= set(row)


def test_sales_by_customer_can_be_summed_from_the_documents(
    small_books: Books, folder: Path
) -> None:
    sales = {line["id"]: line for line in lines(folder, "sales")}
    amounts: dict[str, Decimal] = {}
    for line in lines(folder, "sale_lines"):
        sale = sales[line["sale"]]
        sign = -1 if sale["return_of"] else 1
        customer = sale["customer_uuid"]
        amounts[customer] = amounts.get(customer, Decimal(0)) + sign * Decimal(line["amount"])
    report = ask(small_books, "sales", period=WHOLE, group_by=["customer"])
    assert report.by("customer", measure="amount") == amounts


def test_cash_can_be_summed_from_the_register(small_books: Books, folder: Path) -> None:
    held = {line["cash_uuid"]: Decimal(line["own"]) for line in lines(folder, "opening_cash")}
    for line in lines(folder, "register_cash"):
        held[line["cash_uuid"]] += Decimal(line["own"])
    report = ask(small_books, "cash_balance", date=TODAY.isoformat())
    assert report.by("cash", measure="balance") == held


def test_dictionary_describes_every_column_of_the_books(small_books: Books) -> None:
    described = {table.name: {column.name for column in table.exported} for table in TABLES}
    hidden = {table.name: {*table.hidden} for table in TABLES}
    catalogues = {table.name for table in CATALOGUE_TABLES}
    unseen = {"id", "parent", "is_group", "archived"}
    with small_books.reading() as db:
        for name, columns in described.items():
            stored = {row[1] for row in db.execute(f"PRAGMA table_info({name})")}
            expected = stored - (unseen if name in catalogues else hidden[name])
            assert expected <= columns, name


def test_folder_that_cannot_be_written_is_reported(small_books: Books, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be exported"):
        export_books(small_books, tmp_path / "file")
    assert (tmp_path / "file").exists()


def _export_on_a_full_disk(books: str, folder: str, messages: Any) -> None:
    # No file may grow beyond a megabyte.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    with Books(Path(books)) as opened:
        try:
            export_books(opened, Path(folder))
        except ConfigError as error:
            messages.put(str(error))


def test_full_disk_is_reported_and_leaves_no_half_file(
    small_books: Books, folder: Path, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    arguments = (str(small_books.path), str(tmp_path / "export"), messages)
    process = context.Process(target=_export_on_a_full_disk, args=arguments)
    process.start()
    message = messages.get(timeout=30)
    process.join(30)
    assert "cannot be exported" in message
    assert "File too large" in message
    written = [
        table.name for table in TABLES if (tmp_path / "export" / f"{table.name}.csv").exists()
    ]
    assert written == [table.name for table in TABLES[: len(written)]]
    for name in written:
        there = (tmp_path / "export" / f"{name}.csv").read_bytes()
        assert there == (folder / f"{name}.csv").read_bytes()
