"""What `onecgw demo` and `onecgw serve` say and do before anything is built."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from onecgw.cli.banner import login_banner
from onecgw.demo.books import Books
from tests.builders.command_line import run, write_settings

SECONDS = 90


def test_a_taken_port_is_found_before_the_books_are_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_is_given_back: None
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = run("demo", "--port", port, "--size", "small")
        config = write_settings(tmp_path, "http://127.0.0.1:9/hs")
        monkeypatch.setenv("ONECGW_SERVER__PORT", str(port))
        monkeypatch.setenv("ONECGW_SERVER__HOST", "127.0.0.1")
        serve = run("serve", "--config", config)

    assert (demo.exit_code, serve.exit_code) == (2, 2)
    assert "Another port can be given with --port" in demo.stderr
    assert "Another port can be given with server.port" in serve.stderr
    # Neither books nor database were begun.
    assert [path.name for path in tmp_path.iterdir()] == ["onecgw.yml"]


async def test_the_demo_serves_a_client_that_starts_it_on_stdio(tmp_path: Path) -> None:
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "resolve_customer", "arguments": {"query": "мрія"}},
    }
    with trio.fail_after(SECONDS):
        done = await trio.run_process(
            [sys.executable, "-m", "onecgw", "demo", "--stdio", "--size", "small"],
            stdin=json.dumps(message).encode() + b"\n",
            capture_stdout=True,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            cwd=tmp_path,
        )

    (line,) = done.stdout.splitlines()
    assert json.loads(line)["result"]["structuredContent"]["candidates"]


def test_the_first_question_of_the_demo_is_one_that_the_ticks_of_its_page_open(
    small_books: Books,
) -> None:
    text = login_banner(small_books, "http://127.0.0.1:8088")

    assert text.index("stock at cost grew most") < text.index("cash conversion cycle from")
    assert "for the second, tick money and cost on the page" in text
