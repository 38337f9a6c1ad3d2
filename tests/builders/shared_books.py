"""The books of the demo, built once for all processes of a test run."""

import fcntl
from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from onecgw.demo.books import Books, open_books


def open_shared_books(
    factory: pytest.TempPathFactory, size: Literal["small", "default"], *, today: date
) -> Books:
    """Open the books of a size and a last day; the first process builds them, the others wait."""
    folder = _shared_folder(factory)
    folder.mkdir(exist_ok=True)
    with (folder / f"{size}-{today}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return open_books(size=size, today=today, cache_folder=folder, progress=lambda _: None)


def _shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run, the same in each of its processes."""
    base = factory.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "onecgw-books"
