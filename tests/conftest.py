"""Fixtures that several rooms share."""

import logging
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


@pytest.fixture
def log_is_given_back() -> Iterator[None]:
    """For tests that set up the log, as a verb does: afterwards it is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def small_books() -> Iterator[Books]:
    """The demo company, small, on a fixed day; built once per process."""
    with open_books(size="small", today=TODAY, cache_folder=None, progress=lambda _: None) as books:
        yield books
