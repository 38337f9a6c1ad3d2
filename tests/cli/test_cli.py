"""The command line as an operator meets it: in a process of its own where lifetimes matter."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import click
import httpx
import pytest
import trio
from click.testing import CliRunner

from onecgw import __version__
from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.tools import ALL
from onecgw.cli import COMMANDS, main
from tests.builders.login_forms import fetch_token, list_tools

START_SECONDS = 60
STOP_SECONDS = 20


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


@asynccontextmanager
async def started(tmp_path: Path, *arguments: str) -> AsyncIterator[tuple[trio.Process, str]]:
    """A process and what it printed until the blank line that ends its first paragraph and more."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(
            partial(
                trio.run_process,
                [sys.executable, "-m", "onecgw", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=tmp_path,
                check=False,
            )
        )
        try:
            yield process, await _first_output(process)
        finally:
            process.kill()


async def _first_output(process: trio.Process) -> str:
    assert process.stdout is not None
    text = b""
    with trio.fail_after(START_SECONDS):
        while not text.endswith(b"\n\n"):
            chunk = await process.stdout.receive_some()
            if not chunk:
                break
            text += chunk
    return text.decode()


async def stopped(process: trio.Process, signal_number: int) -> int:
    process.send_signal(signal_number)
    with trio.fail_after(STOP_SECONDS):
        return await process.wait()


async def run_shell(command: str) -> str:
    with trio.fail_after(STOP_SECONDS):
        done = await trio.run_process(
            ["bash", "-euo", "pipefail", "-c", command], capture_stdout=True
        )
    return done.stdout.decode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")
async def test_the_demo_prints_commands_that_work_as_they_stand(tmp_path: Path) -> None:
    arguments = ("demo", "--port", "0", "--size", "small", "--no-oauth")
    async with started(tmp_path, *arguments) as (process, guide):
        curls = [line.strip() for line in guide.splitlines() if line.strip().startswith("curl ")]
        over_mcp, over_rest = [json.loads(await run_shell(curl)) for curl in curls]
        exit_code = await stopped(process, signal.SIGTERM)

    assert over_mcp["result"]["structuredContent"]["rows_returned"] > 0
    assert over_rest["rows_returned"] > 0
    for client in (
        "claude mcp add --transport http onecgw http://127.0.0.1:",
        "mcp.json",
        "code --add-mcp",
    ):
        assert client in guide
    assert exit_code == 0


async def test_the_demo_lets_people_log_in_with_the_keys_it_prints(tmp_path: Path) -> None:
    async with started(tmp_path, "demo", "--port", "0", "--size", "small") as (process, guide):
        url = guide.split("MCP   ")[1].split("/mcp")[0]
        async with httpx.AsyncClient(base_url=url, timeout=STOP_SECONDS) as client:
            challenge = (await client.post("/mcp")).headers["www-authenticate"]
            listed = {}
            for role in ("owner", "sales", "warehouse", "treasurer"):
                key = f"demo-{role}-key"
                assert key in guide
                token = await fetch_token(client, key=key, scopes=ALL_SCOPES)
                listed[role] = await list_tools(client, token)
        exit_code = await stopped(process, signal.SIGTERM)

    assert f'resource_metadata="{url}/.well-known/oauth-protected-resource/mcp"' in challenge
    assert "cash_conversion_cycle" in listed["owner"]
    assert "sales_report" in listed["sales"]
    assert "stock_balance" in listed["warehouse"] - listed["sales"]
    assert "cash_balance" in listed["treasurer"] - listed["warehouse"]
    assert exit_code == 0


async def test_a_port_that_is_taken_is_reported_in_a_sentence(tmp_path: Path) -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    with trio.fail_after(START_SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "onecgw", "demo", "--size", "small", "--port", str(port)],
            capture_stderr=True,
            check=False,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        )
    await listeners[0].aclose()

    assert done.returncode == 2
    assert (
        f"onecgw demo cannot run:\ncannot listen on 127.0.0.1 port {port}" in done.stderr.decode()
    )
    assert "Traceback" not in done.stderr.decode()


def test_serve_without_a_configuration_says_what_it_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONFIG_PATH", raising=False)

    exit_code, output = run("serve")

    assert exit_code == 2
    assert "onecgw serve cannot run:" in output
    assert "config.yml" in output


def test_serve_lists_everything_that_is_wrong_with_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("onec:\n  timeout_ms: fast\n  pasword: hunter2\n", encoding="utf-8")

    exit_code, output = run("serve", "--config", str(config))

    assert exit_code == 2
    for fact in ("onec.base_url", "timeout_ms", ":2:", ":3:", "pasword"):
        assert fact in output
    assert "hunter2" not in output


def test_tools_are_shown_as_a_table_and_as_the_published_listing() -> None:
    _, table = run("tools")
    _, listing = run("tools", "--json")

    assert [line.split()[0] for line in table.splitlines()[1:]] == [tool.name for tool in ALL]
    assert [tool["name"] for tool in json.loads(listing)] == [tool.name for tool in ALL]
    assert "inputSchema" in json.loads(listing)[0]


def test_the_version_is_printed() -> None:
    assert run("--version") == (0, f"onecgw, version {__version__}\n")


def test_a_fault_that_does_not_exist_is_refused() -> None:
    exit_code, output = run("demo", "--size", "small", "--fault", "earthquake")

    assert exit_code == 2
    assert "earthquake" in output


@pytest.mark.parametrize("day", ["0001-01-01", "1902-12-31"])
def test_a_last_day_outside_the_years_of_the_demo_is_refused_in_a_sentence(day: str) -> None:
    exit_code, output = run("demo", "--size", "small", "--today", day, "--export", os.devnull)

    assert exit_code == 2
    assert "between the years 1903 and 2999" in output


def test_books_that_cannot_be_kept_are_reported_in_one_line_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    exit_code, output = run("demo", "--size", "small", "--export", str(tmp_path / "books"))

    assert exit_code == 0, output
    assert output.count("the books are not kept: ") == 1


def test_the_books_are_exported_as_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    exit_code, output = run("demo", "--size", "small", "--export", str(tmp_path / "books"))

    assert exit_code == 0, output
    assert list((tmp_path / "books").glob("*.csv"))


async def test_stdio_serves_a_client_that_started_the_process(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "ONECGW_ONEC__BASE_URL": "http://127.0.0.1:9/hs",
        "ONECGW_ONEC__AUTH__USERNAME": "gateway",
        "ONECGW_OAUTH__ENABLED": "false",
        "ONECGW_MCP__BEARER_TOKEN": "abcdefghijklmnop",
        "ONECGW_AUDIT__RETENTION_DAYS": "0",
    }
    message = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}\n'
    with trio.fail_after(START_SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "onecgw", "stdio"],
            stdin=message,
            capture_stdout=True,
            capture_stderr=True,
            env=environment,
            cwd=tmp_path,
        )

    (line,) = done.stdout.splitlines()
    assert [tool["name"] for tool in json.loads(line)["result"]["tools"]] == [
        tool.name for tool in ALL
    ]


LITTLE = "onec: {base_url: 'http://127.0.0.1:9/hs', auth: {username: gateway}}\n"


async def test_stdio_needs_no_public_url(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(LITTLE, encoding="utf-8")
    with trio.fail_after(START_SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "onecgw", "stdio", "--config", str(config)],
            stdin=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
            capture_stdout=True,
            capture_stderr=True,
            cwd=tmp_path,
        )

    assert json.loads(done.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert not (tmp_path / "data" / "onecgw.secrets").exists()


def test_check_needs_no_public_url_and_a_login_says_that_it_does(
    tmp_path: Path, log_is_given_back: None
) -> None:
    config = tmp_path / "config.yml"
    config.write_text(LITTLE, encoding="utf-8")

    checked = run("check", "--config", str(config))
    logged_in = run("check", "--oauth", "--config", str(config))

    assert checked[0] == 1
    assert "FAIL tcp" in checked[1]
    assert logged_in[0] == 2
    assert "oauth.public_url: missing; check --oauth logs in at this address" in logged_in[1]


def test_every_command_is_listed_with_its_first_sentence() -> None:
    _, text = run("--help")

    listed = [line.split()[0] for line in text.split("Commands:\n")[1].splitlines()]
    assert listed == list(COMMANDS)


def test_a_mistyped_command_names_the_one_that_was_meant() -> None:
    exit_code, text = run("sreve")

    assert exit_code == 2
    assert "No such command 'sreve'. Did you mean serve?" in text


def leaf_commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    names = command.list_commands(context)
    found = [(name, command.get_command(context, name)) for name in names]
    return [leaf for name, sub in found if sub for leaf in leaf_commands(sub, (*path, name))]


@pytest.mark.parametrize("command", leaf_commands(main), ids=" ".join)
def test_the_help_of_every_command_ends_with_examples_that_it_accepts(
    command: tuple[str, ...],
) -> None:
    _, text = run(*command, "--help")
    examples = [line.strip() for line in text.split("  Examples:\n")[1].splitlines() if line]

    assert examples
    for example in examples:
        assert example.startswith(f"onecgw {' '.join(command)}")
        words = shlex.split(example.partition(" < ")[0].partition(" > ")[0])[1:]
        # Parses the words and stops before the command runs.
        parsed = main.make_context("onecgw", words[:1])
        step: click.Command | None = parsed.command
        for position, _name in enumerate(command):
            assert isinstance(step, click.Group)
            step = step.get_command(parsed, words[position])
        assert step is not None
        options = [word for word in words if word.startswith("--")]
        known = {option for parameter in step.params for option in parameter.opts}
        assert set(options) <= known
