"""Fixtures of the tests of serving."""

import pytest
from trio.testing import MockClock


@pytest.fixture
def running_clock() -> MockClock:
    """A clock that runs as the real one, so that waits stay bounded, and can be moved forward."""
    return MockClock(rate=1)
