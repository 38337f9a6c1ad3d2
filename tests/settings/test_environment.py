from pathlib import Path

import pytest

from onecgw.settings import Secret
from tests.builders.settings_text import ENOUGH, TOKEN, load, nested, problems, without


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "onec: {timeout_ms: fast}\nserver: {allowed_origins: [https://a.example.org]}",
        {
            **ENOUGH,
            "ONECGW_ONEC__TIMEOUT_MS": "5000",
            "ONECGW_SERVER__ALLOWED_ORIGINS": "https://b.example.org, https://c.example.org",
        },
    )
    assert settings.onec.timeout_ms == 5000
    assert settings.server.allowed_origins == ("https://b.example.org", "https://c.example.org")


def test_an_empty_variable_counts_as_absent(tmp_path: Path) -> None:
    variables = {"ONECGW_ONEC__TIMEOUT_MS": "", "ONECGW_API__BEARER_TOKEN_FILE": ""}
    settings = load(tmp_path, nested("onec.timeout_ms", "5000"), ENOUGH | variables)
    assert (settings.onec.timeout_ms, settings.api.bearer_token) == (5000, None)


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    others = {"CONFIG_PATH": "x", "PATH": "x", "ONECGWX": "x"}
    assert load(tmp_path, "", ENOUGH | others) == load(tmp_path, "")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ONECGW_ONEC_BASE_URL", "; did you mean ONECGW_ONEC__BASE_URL?"),
        ("ONECGW_ONEC__AUTH__PASSWORD_FIL", "; did you mean ONECGW_ONEC__AUTH__PASSWORD_FILE?"),
        ("ONECGW_SERVER__PORT_FILE", "; did you mean ONECGW_SERVER__PORT?"),
        ("ONECGW_ZZZZZZZZ", ""),
    ],
)
def test_an_unknown_variable_of_ours_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    line = f"{name}: not a setting{problem}"
    assert problems(tmp_path, "", ENOUGH | {name: "hunter2"}) == [line]


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"0123\n", "0123"),
        (b"0123\r\n", "0123"),
        (b"0123", "0123"),
        (b"\xef\xbb\xbf0123", "0123"),
        ("пароль ".encode(), "пароль "),
    ],
)
def test_a_secret_comes_from_a_file_without_its_last_line_end(
    tmp_path: Path, content: bytes, secret: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    variables = ENOUGH | {"ONECGW_ONEC__AUTH__PASSWORD_FILE": str(file)}
    text = nested("onec.auth.password", "of-the-file")
    assert load(tmp_path, text, variables).onec.auth.password == Secret(secret)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not a file of UTF-8 text"),
    ],
)
def test_a_useless_secret_file_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    variables = ENOUGH | {"ONECGW_ONEC__AUTH__PASSWORD_FILE": str(file)}
    assert problems(tmp_path, "", variables) == [
        f"ONECGW_ONEC__AUTH__PASSWORD_FILE onec.auth.password: {file} {problem}"
    ]


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    variables = without("mcp.bearer_token") | {"ONECGW_MCP__BEARER_TOKEN_FILE": "/no/such/file"}
    assert problems(tmp_path, "", variables) == [
        (
            "ONECGW_MCP__BEARER_TOKEN_FILE mcp.bearer_token:"
            " /no/such/file cannot be read: No such file or directory"
        )
    ]


def test_a_secret_and_a_file_for_it_are_refused_together(tmp_path: Path) -> None:
    variables = ENOUGH | {"ONECGW_MCP__BEARER_TOKEN_FILE": "/run/secrets/token"}
    (line,) = problems(tmp_path, "", variables)
    assert line == (
        "ONECGW_MCP__BEARER_TOKEN mcp.bearer_token: either ONECGW_MCP__BEARER_TOKEN"
        " or ONECGW_MCP__BEARER_TOKEN_FILE is expected, not both"
    )
    assert TOKEN not in line


def test_a_wrong_secret_file_does_not_show_its_content(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter2")
    variables = without("mcp.bearer_token") | {"ONECGW_MCP__BEARER_TOKEN_FILE": str(file)}
    assert problems(tmp_path, "", variables) == [
        (
            "ONECGW_MCP__BEARER_TOKEN_FILE mcp.bearer_token:"
            " a text of 16 to 512 ASCII characters without spaces is expected"
        )
    ]
