import hashlib
import multiprocessing
import os
import resource
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from onecgw.cli.banner import describe_scenario
from onecgw.demo.books import Books, open_books
from onecgw.demo.checksum import stamp
from onecgw.demo.csv_export import export_books
from onecgw.errors import ConfigError
from tests.builders.demo_queries import TODAY, ask


def silent(_: str) -> None:
    """No progress is wanted."""


def digest(path: Path) -> str:
    """What a database holds, whatever the file looks like."""
    with sqlite3.connect(path) as db:
        text = "\n".join(db.iterdump())
    db.close()
    return hashlib.sha256(text.encode()).hexdigest()


def build(folder: Path, **changes: Any) -> Path:
    arguments = {"size": "small", "seed": 7, "today": date(2026, 3, 31), **changes}
    with open_books(cache_folder=folder, progress=silent, **arguments) as books:
        return books.path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in a cache folder; not to be changed."""
    return build(tmp_path_factory.mktemp("kept"))


def test_same_seed_size_and_date_write_the_same_books(tmp_path: Path) -> None:
    assert digest(build(tmp_path / "one")) == digest(build(tmp_path / "two"))


@pytest.mark.parametrize("change", [{"seed": 8}, {"today": date(2026, 4, 1)}])
def test_another_seed_or_date_writes_other_books(tmp_path: Path, change: dict[str, Any]) -> None:
    one, two = build(tmp_path), build(tmp_path, **change)
    assert one != two
    assert digest(one) != digest(two)


def test_second_opening_builds_nothing(tmp_path: Path) -> None:
    steps: list[str] = []
    build(tmp_path)
    with open_books(
        size="small", seed=7, today=date(2026, 3, 31), cache_folder=tmp_path, progress=steps.append
    ):
        assert steps == []


def test_building_reports_its_steps(tmp_path: Path) -> None:
    steps: list[str] = []
    with open_books(
        size="small", today=date(2026, 3, 31), cache_folder=tmp_path, progress=steps.append
    ):
        assert steps[0] == "writing the books of two years, size small, up to 2026-03-31:"
        assert (steps[1], steps[-1], len(steps)) == ("2024-03", "registers", 27)


def _build_in_process(folder: str, barrier: Any) -> None:
    barrier.wait(30)
    build(Path(folder))


def test_processes_that_build_at_once_all_find_whole_books(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [
        context.Process(target=_build_in_process, args=(str(tmp_path), barrier)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert [path.suffix for path in tmp_path.iterdir()] == [".sqlite"]


def test_broken_build_leaves_no_file(tmp_path: Path) -> None:
    def fail(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_books(size="small", today=TODAY, cache_folder=tmp_path, progress=fail)
    assert list(tmp_path.iterdir()) == []


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "other": lambda _: b"no database",
    "cut off": lambda whole: whole[:20_000],
    "without its last page": lambda whole: whole[:-4096],
    "a bit in the middle": lambda whole: (
        whole[: len(whole) // 2]
        + bytes([whole[len(whole) // 2] ^ 1])
        + whole[len(whole) // 2 + 1 :]
    ),
    "a page of nothing": lambda whole: whole[: 2**20] + bytes(4096) + whole[2**20 + 4096 :],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_file_is_built_again(
    kept: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    whole = kept.read_bytes()
    path = tmp_path / kept.name
    path.write_bytes(damage(whole))
    assert build(tmp_path) == path
    assert path.read_bytes() == whole


def test_whole_file_without_its_facts_is_built_again(tmp_path: Path) -> None:
    path = build(tmp_path)
    whole = digest(path)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM facts WHERE name = 'today'")
    db.close()
    stamp(path)
    build(tmp_path)
    assert digest(path) == whole


def test_books_are_there_without_a_folder_to_keep_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    messages: list[str] = []
    with open_books(
        size="small",
        today=TODAY,
        cache_folder=tmp_path / "file" / "books",
        progress=messages.append,
    ) as books:
        assert ask(books, "cash_balance").rows
    assert [line for line in messages if "not kept" in line] == messages[:1]


def _build_on_a_full_disk(folder: str, messages: Any) -> None:
    # No file may grow beyond some megabytes, which is less than the books.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
    tempfile.tempdir = folder
    try:
        open_books(
            size="small", today=TODAY, cache_folder=Path(folder) / "kept", progress=messages.put
        )
    except ConfigError as error:
        messages.put(str(error))


def test_full_disk_is_reported_with_folder_and_size_and_keeps_no_half_file(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    process = context.Process(target=_build_on_a_full_disk, args=(str(tmp_path), messages))
    process.start()
    lines = [messages.get(timeout=30)]
    while not lines[-1].startswith("the books of the demo"):
        lines.append(messages.get(timeout=30))
    process.join(30)
    (not_kept,) = [line for line in lines if "not kept" in line]
    assert "books of size small need about 10 MB" in not_kept
    assert str(tmp_path / "kept") in not_kept
    assert "cannot be written" in lines[-1]
    assert "10 MB" in lines[-1]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_books_sort_in_memory_without_a_folder_for_temporary_files(
    small_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with Books(small_books.path) as books, books.reading() as db:
        assert db.execute("PRAGMA temp_store").fetchone() == (2,)


def test_what_a_killed_build_left_is_removed_after_an_hour(tmp_path: Path) -> None:
    old, fresh = (tmp_path / f"books-{name}.building" for name in ("old", "fresh"))
    for file in (old, fresh):
        file.write_bytes(b"")
    os.utime(old, (0, 0))
    build(tmp_path)
    assert not old.exists()
    assert fresh.exists()


def test_only_the_newest_few_files_are_kept(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"books-old-{number}.sqlite").write_bytes(b"")
    new = build(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert new in files
    assert len(files) == 6


def test_books_without_a_folder_vanish_with_their_object() -> None:
    books = open_books(size="small", today=TODAY, cache_folder=None, progress=silent)
    folder = books.path.parent
    assert ask(books, "cash_balance").rows
    books.close()
    assert folder.exists()
    del books
    assert not folder.exists()


def test_export_is_the_same_bytes_for_the_same_books(small_books: Books, tmp_path: Path) -> None:
    one, two = (export_books(small_books, tmp_path / name) for name in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_scenario_names_its_period(small_books: Books) -> None:
    text = describe_scenario(small_books)
    assert "2026-07-01" in text
    assert "2026-09-30" in text
    assert 2 <= len(text.splitlines()) <= 4
