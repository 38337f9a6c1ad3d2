"""Bases in memory that hold the demo's small books."""

from datetime import date

import pytest

from onecgw.backends.odata.backend import ODataBackend
from onecgw.backends.odata.profile_reader import load_profile
from onecgw.backends.odata.settings import ODataSettings
from onecgw.demo.books import Books
from tests.backends.odata import worlds
from tests.backends.odata.fake_onec import FakeOnec
from tests.demo.asking import TODAY
from tests.demo.conftest import reference, small_books
from tests.demo.reference import Reference

__all__ = ["reference", "small_books"]
SETTINGS = ODataSettings(max_buckets=2_000)


@pytest.fixture(scope="session")
def bases(small_books: Books, reference: Reference) -> dict[str, FakeOnec]:
    return {
        "ut": worlds.ut(small_books, reference),
        "unf": worlds.unf(small_books, reference),
    }


def backend_of(fake: FakeOnec, *names: str, settings: ODataSettings = SETTINGS) -> ODataBackend:
    def today() -> date:
        return TODAY

    profiles = [load_profile(name) for name in names]
    return ODataBackend(fake, profiles, settings=settings, today=today)
