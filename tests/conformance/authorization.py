"""The conformance suite's `authorization` command against `onecgw serve`, and a person.

    python -m tests.conformance.authorization

The suite judges the metadata, a login, and that clients with documents are announced. It judges
the last one only where they are: with `oauth.cimd: auto` that needs the internet, since the gateway
announces what it has seen work; with `open` it never does. It fetches no document in either case.
So `open` must pass all 3, and `auto` the 2 or 3 that there are.

Exits with 1 unless they do, and with 0, saying so loudly, where Node is missing.
"""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import trio

from onecgw.app.serve_demo import DEMO_LOGIN, DEMO_PASSWORD
from onecgw.serving import find_free_port
from tests.builders.login_forms import log_in
from tests.conformance.run import JUDGE_SECONDS, SUITE, say, started, why_no_node
from tests.conformance.token_proxy import HOST

CLIENT: Final = "conformance"
KEY: Final = "demo-owner-key"
EXPECTED: Final = {"open": r"\b3 passed, 0 failed", "auto": r"\b[23] passed, 0 failed"}
LOOK_SECONDS: Final = 0.1
START_SECONDS: Final = 60


@asynccontextmanager
async def serving(
    onec_port: int, callback_port: int, folder: Path, cimd: str
) -> AsyncIterator[str]:
    """`onecgw serve` in front of a demo 1C; yields the issuer."""
    issuer = f"http://{HOST}:{find_free_port(HOST)}"
    config = folder / "onecgw.yml"
    await trio.Path(config).write_text(
        f"server: {{host: {HOST}, port: {issuer.rpartition(':')[2]}}}\n"
        f"onec: {{base_url: 'http://{HOST}:{onec_port}', auth: {{username: {DEMO_LOGIN}}}}}\n"
        f"oauth: {{public_url: '{issuer}', cimd: {cimd},"
        f" clients: ['{CLIENT} http://127.0.0.1:{callback_port}/callback']}}\n"
        f"database: {{path: '{folder / 'onecgw.db'}'}}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "onecgw", "serve", "--config", str(config)]
    environment = {**os.environ, "ONECGW_ONEC__AUTH__PASSWORD": DEMO_PASSWORD}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            partial(
                trio.run_process,
                command,
                env=environment,
                capture_stdout=True,
                stderr=subprocess.STDOUT,
            )
        )
        await _wait_ready(issuer)
        yield issuer
        nursery.cancel_scope.cancel()


async def _wait_ready(issuer: str) -> None:
    with trio.fail_after(START_SECONDS):
        async with httpx.AsyncClient(base_url=issuer) as http:
            while True:
                try:
                    await http.get("/health")
                except httpx.TransportError:
                    await trio.sleep(LOOK_SECONDS)
                else:
                    return


async def judge(issuer: str, callback_port: int) -> str:
    """What the suite says of both scenarios together."""
    command = [*SUITE, "authorization", "--url", issuer, "--client-id", CLIENT]
    command += ["--resource", f"{issuer}/mcp", "--port", str(callback_port)]
    said = ""
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(
            partial(
                trio.run_process,
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        )
        assert process.stdout is not None
        has_logged_in = False
        async for chunk in process.stdout:
            said += chunk.decode()
            login_url = re.search(rf"{re.escape(issuer)}/oauth/authorize\?\S+\n", said)
            if login_url and not has_logged_in:
                has_logged_in = True
                async with httpx.AsyncClient() as http:
                    await http.get(await log_in(http, login_url[0].strip(), key=KEY))
    return said


async def main() -> int:
    """Hear the judge; the exit status."""
    if reason := await why_no_node():
        say(f"# SKIPPED: the authorization server was NOT judged: {reason}")
        return 0
    is_content = True
    async with started("onecgw", "demo", "--onec-only", "--size", "small") as onec_port:
        for cimd, expected in EXPECTED.items():
            callback_port = find_free_port(HOST)
            with TemporaryDirectory() as folder, trio.fail_after(JUDGE_SECONDS):
                async with serving(onec_port, callback_port, Path(folder), cimd) as issuer:
                    said = await judge(issuer, callback_port)
            total = re.search(r"\d+ passed, \d+ failed\s*$", said.rstrip())
            is_well = re.search(expected, total[0] if total else "") is not None
            is_content = is_content and is_well
            verdict = total[0].strip() if total else "no verdict"
            say(f"{'ok  ' if is_well else 'FAIL'} authorization server, cimd: {cimd}: {verdict}")
            if not is_well:
                say(said)
    return 0 if is_content else 1


if __name__ == "__main__":
    sys.exit(trio.run(main))
