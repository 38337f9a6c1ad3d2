"""The official judges against our servers: the conformance suite, and the Inspector's strict check.

    python -m tests.conformance.run

Exits with 1 if a judge is not content, and with 0, saying so loudly, where Node cannot be had.
"""

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from onecgw.app.serve_demo import DEMO_MCP_TOKEN
from tests.conformance.token_proxy import HOST, serve_proxy

NODE: Final = ("npx", "-y", "-p", "node@24", "-p")
SUITE: Final = (*NODE, "@modelcontextprotocol/conformance@0.2.0-alpha.12", "conformance")
INSPECTOR: Final = (*NODE, "@modelcontextprotocol/inspector@2.12.0", "mcp-inspector")
REVISIONS: Final = ("2025-11-25", "2026-07-28")
ERAS: Final = ("auto", "modern", "legacy")
TOKEN: Final = "conformance-token-0001"
BASELINES: Final = Path(__file__).parent

DOWNLOAD_SECONDS: Final = 300
START_SECONDS: Final = 60
JUDGE_SECONDS: Final = 300
LOOK_SECONDS: Final = 0.1


@attrs.frozen(kw_only=True)
class Verdict:
    """What one judge said of one server."""

    about: str
    is_content: bool
    said: str


async def run(*command: str, seconds: float) -> tuple[int, str]:
    """The exit status of a program and everything that it said."""
    with trio.fail_after(seconds):
        done = await trio.run_process(
            command, capture_stdout=True, stderr=subprocess.STDOUT, check=False
        )
    return done.returncode, done.stdout.decode("utf-8", "replace")


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[int]:
    """A Python program of ours that listens on `--port`; yields the port."""
    [probe] = await trio.open_tcp_listeners(0, host=HOST)
    port: int = probe.socket.getsockname()[1]
    await probe.aclose()
    command = [sys.executable, "-m", *arguments, "--port", str(port)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(trio.run_process, command, capture_stdout=True))
        await _wait_listening(port)
        yield port
        nursery.cancel_scope.cancel()


async def _wait_listening(port: int) -> None:
    with trio.fail_after(START_SECONDS):
        while True:
            try:
                stream = await trio.open_tcp_stream(HOST, port)
            except OSError:
                await trio.sleep(LOOK_SECONDS)
            else:
                await stream.aclose()
                return


async def judge(about: str, port: int, revision: str, *options: str) -> Verdict:
    """What the suite says of the server on a port."""
    url = f"http://{HOST}:{port}/mcp"
    code, said = await run(
        *SUITE, "server", "--url", url, "--requirements", revision, *options, seconds=JUDGE_SECONDS
    )
    return Verdict(about=f"{about}, {revision}", is_content=code == 0, said=said)


async def inspect(port: int, era: str) -> Verdict:
    """What the Inspector's strict check says of the tools of the server on a port."""
    code, said = await run(
        *INSPECTOR,
        *("--cli", "--server-url", f"http://{HOST}:{port}/mcp", "--transport", "http"),
        *("--protocol-era", era, "--header", f"Authorization: Bearer {DEMO_MCP_TOKEN}"),
        *("--method", "tools/list", "--strict"),
        seconds=JUDGE_SECONDS,
    )
    found_something = "warnings across" in said or "errors across" in said
    return Verdict(
        about=f"Inspector --strict, {era}", is_content=code == 0 and not found_something, said=said
    )


async def judge_fixtures() -> list[Verdict]:
    """The suite's fixtures on our engine, without and with a bearer token."""
    async with started("tests.conformance.server") as port:
        verdicts = [await judge("fixtures", port, revision) for revision in REVISIONS]
    guarded = ("tests.conformance.server", "--token", TOKEN)
    async with started(*guarded) as port, trio.open_nursery() as nursery:
        proxy: int = await nursery.start(partial(serve_proxy, port, token=TOKEN))
        about = "fixtures behind a token"
        verdicts += [await judge(about, proxy, revision) for revision in REVISIONS]
        nursery.cancel_scope.cancel()
    return verdicts


async def judge_production() -> list[Verdict]:
    """The gateway itself; what of the suite does not apply to it stands in the baselines."""
    demo = ("onecgw", "demo", "--no-oauth", "--size", "small")
    async with started(*demo) as port, trio.open_nursery() as nursery:
        proxy: int = await nursery.start(partial(serve_proxy, port, token=DEMO_MCP_TOKEN))
        verdicts = [
            await judge(
                "production",
                proxy,
                revision,
                "--expected-failures",
                str(BASELINES / f"production-{revision}.yml"),
            )
            for revision in REVISIONS
        ]
        verdicts += [await inspect(port, era) for era in ERAS]
        nursery.cancel_scope.cancel()
    return verdicts


async def why_no_node() -> str:
    """Why Node and the judges cannot be had here; "" if they can."""
    if shutil.which("npx") is None:
        return "npx is not installed"
    for judge_command in (SUITE, INSPECTOR):
        try:
            code, said = await run(*judge_command, "--help", seconds=DOWNLOAD_SECONDS)
        except trio.TooSlowError:
            return f"{judge_command[-2]} took more than {DOWNLOAD_SECONDS} s to download"
        if code != 0:
            return f"{judge_command[-2]} does not run: {said[-500:]}"
    return ""


def say(line: str) -> None:
    """Print a line now, not when the buffer is full."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> int:
    """Hear the judges; the exit status."""
    if reason := await why_no_node():
        say("#" * 78)
        say(f"# SKIPPED: MCP conformance was NOT checked: {reason}")
        say("#" * 78)
        return 0
    verdicts = [*await judge_fixtures(), *await judge_production()]
    for verdict in verdicts:
        say(f"{'ok  ' if verdict.is_content else 'FAIL'} {verdict.about}")
        if not verdict.is_content:
            say(verdict.said)
    return 0 if all(verdict.is_content for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(trio.run(main))
