"""Books for tests: the small ones in a moment, the default ones once for all processes."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from onecgw.demo.books import Books, open_books
from tests.builders.demo_queries import TODAY
from tests.demo.reference import Reference


def _shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run, the same in each of its processes."""
    base = factory.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "onecgw-books"


def _open(factory: pytest.TempPathFactory, size: str) -> Books:
    folder = _shared_folder(factory)
    folder.mkdir(exist_ok=True)
    # Whoever comes first builds; the others wait instead of building the same.
    with (folder / f"{size}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return open_books(
            size="small" if size == "small" else "default",
            today=TODAY,
            cache_folder=folder,
            progress=lambda _: None,
        )


@pytest.fixture(scope="session")
def small_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with _open(tmp_path_factory, "small") as books:
        yield books


@pytest.fixture(scope="session")
def default_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with _open(tmp_path_factory, "default") as books:
        yield books


@pytest.fixture(scope="session", params=["small", "default"])
def books(request: pytest.FixtureRequest) -> Books:
    """Both sizes in turn."""
    found = request.getfixturevalue(f"{request.param}_books")
    assert isinstance(found, Books)
    return found


@pytest.fixture(scope="session")
def reference(small_books: Books) -> Reference:
    with small_books.reading() as db:
        return Reference(db)


@pytest.fixture(scope="session")
def default_reference(default_books: Books) -> Reference:
    with default_books.reading() as db:
        return Reference(db)
