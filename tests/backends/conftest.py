"""Every test that speaks to a 1C on a socket does so over both transports."""

import pytest

from tests.builders import onec_client

TRANSPORTS = ("direct", "httpx")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if hasattr(metafunc.module, "client_of"):
        metafunc.parametrize("transport", TRANSPORTS, indirect=True)


@pytest.fixture(autouse=True)
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The transport of the clients that client_of makes."""
    name: str = getattr(request, "param", "direct")
    monkeypatch.setattr(onec_client, "TRANSPORT", name)
    return name
