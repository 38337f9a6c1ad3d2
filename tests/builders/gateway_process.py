"""`onecgw serve` in a process of its own, and what it logs."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import trio

from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN

START_SECONDS = 60
STOP_SECONDS = 20  # far less than the grace, which is what a call that hangs would take
CONFIG = f"""\
server:
  host: 127.0.0.1
  port: 0
log:
  format: json
onec:
  base_url: BASE_URL
  auth:
    username: robot
  max_concurrency: 16
mcp:
  bearer_token: {MCP_TOKEN}
api:
  bearer_token: {API_TOKEN}
oauth:
  enabled: false
audit:
  retention_days: 0
"""


@attrs.define
class Served:
    """The process, its settings file, and what it logs."""

    process: trio.Process
    config: Path
    _unread: bytes = b""

    async def wait_event(self, event: str, seconds: float = STOP_SECONDS) -> dict[str, Any]:
        """The next line of the log with the event."""
        assert self.process.stderr is not None
        with trio.fail_after(seconds):
            while True:
                while b"\n" not in self._unread:
                    chunk = await self.process.stderr.receive_some()
                    assert chunk, f"the process ended without {event}: {self._unread!r}"
                    self._unread += chunk
                line, _, self._unread = self._unread.partition(b"\n")
                fields: dict[str, Any] = json.loads(line)
                if fields["event"] == event:
                    return fields

    async def exit_code(self) -> int:
        with trio.fail_after(STOP_SECONDS):
            return await self.process.wait()

    def change(self, before: str, after: str) -> None:
        """Replace a text of the settings file, which must be there."""
        text = self.config.read_text(encoding="utf-8")
        assert before in text
        self.config.write_text(text.replace(before, after), encoding="utf-8")

    async def run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run another command with the same settings."""
        command = [sys.executable, "-m", "onecgw", *words, "--config", str(self.config)]
        return await trio.run_process(
            command, capture_stdout=True, capture_stderr=True, check=False
        )


@asynccontextmanager
async def served(
    tmp_path: Path, base_url: str, *changes: tuple[str, str]
) -> AsyncIterator[tuple[Served, str]]:
    """`onecgw serve` in front of the 1C at base_url, and its own URL.

    changes: texts of CONFIG, and what stands in their place.
    """
    config = tmp_path / "config.yml"
    text = CONFIG.replace("BASE_URL", base_url)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    config.write_text(text, encoding="utf-8")
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(
            partial(
                trio.run_process,
                [sys.executable, "-m", "onecgw", "serve", "--config", str(config)],
                stderr=subprocess.PIPE,
                env=dict(os.environ),
                cwd=tmp_path,
                check=False,
            )
        )
        try:
            one = Served(process, config)
            started = await one.wait_event("serve.started", START_SECONDS)
            yield one, started["url"]
        finally:
            process.kill()
