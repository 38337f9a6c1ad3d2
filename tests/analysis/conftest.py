"""Books of two companies, and an accountant for each."""

from collections.abc import Iterator

import pytest

from onecgw.demo.books import Books, open_books
from onecgw.demo.csv_export import export_books
from tests.analysis.accountant import Accountant
from tests.conftest import TODAY


@pytest.fixture(scope="session", params=[1, 20261], ids=["seed 1", "seed 20261"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Books, Accountant]]:
    """Small books of a seed, and who reads their documents."""
    folder = tmp_path_factory.mktemp("documents")
    with open_books(
        size="small", seed=request.param, today=TODAY, cache_folder=None, progress=lambda _: None
    ) as books:
        export_books(books, folder)
        yield books, Accountant(folder)
