"""The face in each of its shapes, over the small books."""

from collections.abc import Callable
from functools import cache

import pytest

from onecgw.demo.books import Books
from onecgw.demo.odata.app import ODataApp, build_odata_app
from onecgw.demo.odata.configurations import ConfigurationName
from tests.builders.odata_queries import LOGIN, PASSWORD


@pytest.fixture(scope="session")
def face(small_books: Books) -> Callable[[ConfigurationName], ODataApp]:
    """A face, built once for each configuration."""

    @cache
    def build(configuration: ConfigurationName) -> ODataApp:
        return build_odata_app(small_books, configuration, login=LOGIN, password=PASSWORD)

    return build


@pytest.fixture(scope="session")
def ut(face: Callable[[ConfigurationName], ODataApp]) -> ODataApp:
    return face("ut")


@pytest.fixture(scope="session")
def unf(face: Callable[[ConfigurationName], ODataApp]) -> ODataApp:
    return face("unf")
