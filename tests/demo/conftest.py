"""The books of the demo that end on the day of tests/builders/demo_queries.py."""

from collections.abc import Iterator

import pytest

from onecgw.demo.books import Books
from tests.builders.demo_queries import TODAY
from tests.builders.shared_books import open_shared_books
from tests.demo.reference import Reference


@pytest.fixture(scope="session")
def small_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with open_shared_books(tmp_path_factory, "small", today=TODAY) as books:
        yield books


@pytest.fixture(scope="session")
def default_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with open_shared_books(tmp_path_factory, "default", today=TODAY) as books:
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
