"""Run the conformance suite's `authorization` command against a gateway and log in for it.

python -m tests.oauth.conformance --url http://127.0.0.1:8088 --client-id ID --key KEY
"""

import re
import subprocess
import sys
from functools import partial
from typing import Final

import click
import httpx
import trio

from tests.oauth.person import log_in

SUITE: Final = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
SECONDS: Final = 120


async def run_suite(url: str, client_id: str, key: str, port: int) -> int:
    """Run both scenarios together; the exit code is 0 when the suite says 3 passed."""
    command = ["npx", "-y", "-p", "node@24", "-p", SUITE, "conformance", "authorization"]
    command += ["--url", url, "--client-id", client_id, "--resource", f"{url}/mcp"]
    command += ["--port", str(port)]
    said = ""
    with trio.fail_after(SECONDS):
        async with trio.open_nursery() as nursery:
            process = await nursery.start(
                partial(
                    trio.run_process,
                    command,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
            )
            assert process.stdout is not None
            asked = False
            async for chunk in process.stdout:
                said += chunk.decode()
                found = re.search(rf"{re.escape(url)}/oauth/authorize\?\S+\n", said)
                if found and not asked:
                    asked = True
                    async with httpx.AsyncClient() as http:
                        location = await log_in(http, found[0].strip(), key=key)
                        await http.get(location)
    sys.stdout.write(said)
    return 0 if re.search(r"\b3 passed\b", said) else 1


@click.command()
@click.option("--url", required=True)
@click.option("--client-id", required=True)
@click.option("--key", required=True)
@click.option("--port", default=3000)
def main(url: str, client_id: str, key: str, port: int) -> None:
    """Run the suite."""
    sys.exit(trio.run(run_suite, url, client_id, key, port))


if __name__ == "__main__":
    main()
