"""The gateway that the clients talk to, once for all of them."""

import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def gateway_url() -> Iterator[str]:
    """The address of /mcp."""
    command = [sys.executable, "-m", "tests.clients.gateway"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield f"{process.stdout.readline().strip()}/mcp"
        finally:
            process.terminate()
