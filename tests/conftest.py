"""Fixtures that several rooms share."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, settings

from onecgw.demo.books import Books, open_books

TODAY = date(2026, 11, 22)

# No test asserts an absolute time: a busy machine, or a first run that builds its tables, is no
# defect.
settings.register_profile("onecgw", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("onecgw")


@pytest.fixture(scope="session")
def small_books() -> Iterator[Books]:
    """The demo company, small, on a fixed day; built once per process."""
    with open_books(size="small", today=TODAY, cache_folder=None, progress=lambda _: None) as books:
        yield books
