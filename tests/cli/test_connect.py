"""`onecgw connect`: what is pasted is what the client needs, in every shell."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from onecgw.cli.clients import CLIENTS, GatewayAddress, Shell, describe_client
from tests.builders.command_line import STATIC, run, write_settings

URL = "https://mcp.example.org/mcp"
SHELLS: tuple[Shell, ...] = get_args(Shell)
ADDS = {
    "claude-code": ["claude", "mcp", "add", "--transport", "http", "onecgw", URL],
    "codex": ["codex", "mcp", "add", "onecgw", "--url", URL],
    "gemini": ["gemini", "mcp", "add", "--transport", "http", "onecgw", URL],
    "vscode": [
        *("code", "--add-mcp"),
        '{"name":"onecgw","type":"http","url":"https://mcp.example.org/mcp"}',
    ],
    "mcp-remote": ["npx", "-y", "mcp-remote", URL],
}
URL_AT = {
    "opencode": ("mcp", "onecgw", "url"),
    "cursor": ("mcpServers", "onecgw", "url"),
    "copilot": ("mcpServers", "onecgw", "url"),
    "windsurf": ("mcpServers", "onecgw", "serverUrl"),
    "jetbrains": ("mcpServers", "onecgw", "url"),
}


def described(client: str, *, has_login: bool = True, shell: Shell = "sh") -> str:
    return describe_client(client, GatewayAddress(url=URL, has_login=has_login, shell=shell))


def first_json(text: str) -> Any:
    return json.JSONDecoder().raw_decode(text, text.index("{\n"))[0]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("has_login", [True, False])
def test_every_client_gets_the_real_url_and_no_secret(
    tmp_path: Path, client: str, shell: Shell, has_login: bool
) -> None:
    more = "oauth: {public_url: 'https://mcp.example.org'}\n"
    static = STATIC + "server: {public_url: 'https://mcp.example.org'}\n"
    config = write_settings(tmp_path, "http://1c.example.org/hs", more if has_login else static)

    done = run("connect", client, "--config", config, "--shell", shell)

    assert done.exit_code == 0, done.output
    refuses_token = client in {"claude", "chatgpt"} and not has_login
    assert ("mcp.example.org" in done.output) is not refuses_token
    assert ("oauth.enabled: true" in done.output) is refuses_token
    assert "abcdefghijklmnop" not in done.output


@pytest.mark.parametrize("client", ADDS)
@pytest.mark.skipif(os.name != "posix", reason="runs bash")
def test_a_command_reaches_its_program_word_for_word(tmp_path: Path, client: str) -> None:
    expected = ADDS[client]
    fake = tmp_path / expected[0]
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$(basename "$0")" "$@"\n', encoding="utf-8")
    fake.chmod(0o700)
    line = described(client).splitlines()[0]

    done = subprocess.run(  # noqa: S603 - a fake program
        [shutil.which("bash") or "bash", "-c", line],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize("client", URL_AT)
def test_a_file_holds_the_url_where_the_client_looks_for_it(client: str) -> None:
    value = first_json(described(client))
    for name in URL_AT[client]:
        value = value[name]

    assert value == URL


@pytest.mark.parametrize("client", sorted(CLIENTS.keys() - {"claude", "chatgpt", "n8n"}))
def test_without_a_login_the_token_comes_from_a_variable_or_a_prompt(client: str) -> None:
    text = described(client, has_login=False)

    assert re.search(r"MCP_TOKEN|\$\{input:token\}", text)


def test_quotes_inside_an_argument_survive_every_shell() -> None:
    added = '{"name":"onecgw","type":"http","url":"https://mcp.example.org/mcp"}'
    escaped = added.replace('"', '\\"')

    lines = {shell: described("vscode", shell=shell).splitlines()[0] for shell in SHELLS}

    assert lines == {
        "sh": f"code --add-mcp '{added}'",
        # The rules of Microsoft's C runtime, which splits the command line of a program.
        "cmd": f'code --add-mcp "{escaped}"',
        "powershell": f"code --add-mcp '{escaped}'",
    }


def test_curl_of_powershell_is_not_its_alias_and_sends_the_body_over_stdin() -> None:
    address = GatewayAddress(url=URL, has_login=False, shell=SHELLS[2])
    text = describe_client("curl", address)

    assert text.splitlines()[1] == (
        """'{"jsonrpc":"2.0","id":1,"method":"tools/list"}' | curl.exe -sS"""
        f""" '{URL}' -H "Authorization: Bearer $env:MCP_TOKEN\""""
        """ -H "Content-Type: application/json" -d '@-'"""
    )


def test_the_metadata_address_of_curl_is_that_of_rfc_9728() -> None:
    assert described("curl").splitlines()[1] == (
        "curl -sS https://mcp.example.org/.well-known/oauth-protected-resource/mcp"
    )


def test_settings_without_an_address_say_what_to_give(tmp_path: Path) -> None:
    config = write_settings(tmp_path, "http://1c.example.org/hs", "")

    lacking = run("connect", "codex", "--config", config)
    wrong = run("connect", "codex", "--url", "mcp.example.org")

    assert lacking.exit_code == wrong.exit_code == 2
    assert "oauth.public_url: missing; set it, or give --url" in lacking.stderr
    assert "a URL such as https://mcp.example.org/mcp is expected" in wrong.stderr


def test_a_static_token_without_a_public_address_is_for_this_computer(tmp_path: Path) -> None:
    config = write_settings(tmp_path, "http://1c.example.org/hs")

    assert "http://127.0.0.1:8088/mcp" in run("connect", "codex", "--config", config).output


@pytest.mark.skipif(os.name != "posix", reason="runs sh")
def test_a_token_in_a_file_is_read_from_there_and_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "to ken"
    file.write_text("abcdefghijklmnop\n", encoding="utf-8")
    static = "oauth: {enabled: false}\nmcp: {bearer_token_file: to ken}\n"
    config = write_settings(tmp_path, "http://1c.example.org/hs", static)

    shown = {
        shell: run("connect", "codex", "--config", config, "--shell", shell).output
        for shell in SHELLS
    }
    line = shown["sh"].splitlines()[0]
    result = subprocess.run(  # noqa: S603 - a line of our own
        ["/bin/sh", "-c", f'{line}; printf %s "$MCP_TOKEN"'],
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout == "abcdefghijklmnop"
    assert shown["cmd"].splitlines()[0] == f'set /p MCP_TOKEN=<"{file}"'
    assert shown["powershell"].splitlines()[0] == (
        f"$env:MCP_TOKEN = (Get-Content -LiteralPath '{file}' -Raw).Trim()"
    )
    assert all("abcdefghijklmnop" not in text for text in shown.values())


def test_the_page_has_a_row_for_each_client_that_says_what_the_command_does() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "connect.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| ([^|]+) \| (yes|no) \|$", page, re.MULTILINE)

    assert [client for client, _, _ in rows] == list(CLIENTS)
    for client, login, token in rows:
        takes_token = "oauth.enabled: true" not in described(client, has_login=False)
        assert (token == "yes") is takes_token, client
        assert login != "no", client
        # A file that the row names is one that the command names.
        (place,) = re.findall(rf"^\| `{client}` \| [^|]+ \| ([^|]+) \|", page, re.MULTILINE)
        said = described(client) + described(client, has_login=False)
        assert [file for file in re.findall(r"`([^`]+)`", place) if file not in said] == []
