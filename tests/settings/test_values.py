from pathlib import Path

import pytest
from httpx import URL
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from onecgw.settings import Settings
from onecgw.settings.declaration import InvalidValue
from onecgw.settings.rules import BASE_URL
from tests.builders.settings_text import load, nested, problems, without


def _value(settings: Settings, key: str) -> object:
    value: object = settings
    for name in key.split("."):
        value = getattr(value, name)
    return getattr(value, "value", value)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("onec.auth.password", "0123", "0123"),
        ("onec.auth.password", "yes", "yes"),
        ("onec.auth.password", "1_000.50", "1_000.50"),
        ("onec.auth.password", "8:30", "8:30"),
        ("onec.auth.password", "2026-01-31", "2026-01-31"),
        ("onec.auth.password", "пароль з пробілами", "пароль з пробілами"),
        ("onec.auth.password", "' '", " "),
        ("onec.auth.password", '"null"', "null"),
        ("onec.auth.password", "null", None),
        ("onec.auth.password", "~", None),
        ("onec.auth.password", '""', None),
        ("onec.auth.username", "Администратор", "Администратор"),
        ("onec.timezone", "Europe/Kyiv", "Europe/Kyiv"),
        ("onec.timezone", "", None),
        ("onec.timeout_ms", "100", 100),
        ("onec.timeout_ms", '"600000"', 600_000),
        ("onec.timeout_ms", "", 8000),
        ("mcp.enabled", "true", True),
        ("mcp.enabled", '"true"', True),
        ("log.format", "json", "json"),
        ("api.scopes", "[mcp:resolve, mcp:report:cost]", ("mcp:resolve", "mcp:report:cost")),
        ("api.scopes", "[mcp:resolve, mcp:resolve]", ("mcp:resolve",)),
        ("server.host", '"::"', "::"),
        ("server.allowed_origins", "[https://A.example.org:443]", ("https://a.example.org",)),
        ("server.allowed_origins", "[app://notes]", ("app://notes",)),
        ("server.allowed_hosts", "[MCP.example.org:8088]", ("mcp.example.org:8088",)),
        ("server.allowed_hosts", "['[::1]:8088']", ("[::1]:8088",)),
        ("server.public_url", "https://MCP.example.org", "https://mcp.example.org"),
        ("server.public_url", "http://localhost:8088", "http://localhost:8088"),
        ("server.public_url", "http://[::1]:8088", "http://[::1]:8088"),
        ("server.public_url", "http://127.0.0.1", "http://127.0.0.1"),
        ("onec.tenant_header", "X-Tenant", "X-Tenant"),
    ],
)
def test_the_text_is_read_by_the_type_that_is_declared(
    tmp_path: Path, key: str, text: str, value: object
) -> None:
    settings = load(tmp_path, nested(key, text), without(key))
    assert _value(settings, key) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("onec.timeout_ms", "99"),
        ("onec.timeout_ms", "600001"),
        ("onec.timeout_ms", "0500"),
        ("onec.timeout_ms", "0x500"),
        ("onec.timeout_ms", "1_000"),
        ("onec.timeout_ms", "8:30"),
        ("onec.timeout_ms", "500.0"),
        ("onec.timeout_ms", "+500"),
        ("onec.timeout_ms", "٥٠٠"),
        ("onec.timeout_ms", "9" * 5000),
        ("limits.calls_per_minute", "-1"),
        ("mcp.enabled", "yes"),
        ("mcp.enabled", "True"),
        ("mcp.enabled", "1"),
        ("log.level", "INFO"),
        ("mcp.scopes", "[]"),
        ("mcp.scopes", "[mcp:resolve, mcp:report:all]"),
        ("mcp.scopes", "mcp:resolve"),
        ("mcp.bearer_token", "fifteen-letters"),
        ("mcp.bearer_token", "a token with spaces"),
        ("mcp.bearer_token", "токен-из-кириллицы"),
        ("mcp.bearer_token", "x" * 513),
        ("onec.auth.username", "a:b"),
        ("onec.auth.password", '"a\\nb"'),
        ("onec.auth.password", '"\\ud800"'),
        ("onec.tenant_header", "X Tenant"),
        ("onec.default_tenant", "база"),
        ("onec.ca_file", "/no/such/file.pem"),
        ("onec.ca_file", "x" * 5000),
        ("server.host", "http://localhost"),
        ("server.host", "1.2.3.4.5"),
        ("server.public_url", "http://mcp.example.org"),
        ("server.public_url", "https://mcp.example.org/"),
        ("server.public_url", "https://mcp.example.org/mcp"),
        ("server.public_url", "https://u@mcp.example.org"),
        ("server.public_url", "https://mcp.example.org?"),
        ("server.public_url", "app://mcp.example.org"),
        ("server.public_url", "mcp.example.org"),
        ("server.allowed_origins", "['null']"),
        ("server.allowed_origins", "['*']"),
        ("server.allowed_origins", "[https://приклад.укр]"),
        ("server.allowed_hosts", "[https://mcp.example.org]"),
        ("server.allowed_hosts", "[mcp.example.org/]"),
        ("server.allowed_hosts", "['*']"),
        ("server.allowed_hosts", "['']"),
        ("onec.timezone", "Kyiv"),
        ("onec.timezone", "../etc/passwd"),
        ("onec.timezone", "Europe"),
        ("onec.base_url", "1c.example.org/hs"),
        ("onec.base_url", "ftp://1c.example.org"),
        ("onec.base_url", "http:///hs"),
        ("onec.base_url", "http://1c:99999/hs"),
        ("onec.base_url", "http://1c:0/hs"),
        ("onec.base_url", "http://[::1/hs"),
        ("onec.base_url", "http://999.1.1.1/hs"),
        ("onec.base_url", "http://1c.example.org/h s"),
        ("onec.base_url", '"http://1c.example.org/\\ths"'),
        ("onec.base_url", "http:\\1c.example.org"),
    ],
)
def test_anything_else_is_refused_with_its_key(tmp_path: Path, key: str, text: str) -> None:
    (line,) = problems(tmp_path, nested(key, text), without(key))
    assert f" {key}" in line
    assert line.endswith("expected")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            "https://1c.example.org/trade/hs/mcp",
            "the gateway adds /mcp itself: write https://1c.example.org/trade/hs",
        ),
        (
            "https://1c.example.org/MCP//",
            "the gateway adds /mcp itself: write https://1c.example.org",
        ),
        (
            "https://u:hunter2@1c.example.org/hs",
            "no user and password here: set onec.auth.username and onec.auth.password",
        ),
        ("https://1c.example.org/hs?key=hunter2", "a URL without query and fragment is expected"),
        ("https://1c.example.org/hs#", "a URL without query and fragment is expected"),
    ],
)
def test_a_mistaken_base_url_is_answered_with_what_to_write(
    tmp_path: Path, written: str, problem: str
) -> None:
    (line,) = problems(tmp_path, nested("onec.base_url", f"'{written}'"), without("onec.base_url"))
    assert line.endswith(f": {problem}")
    assert "hunter2" not in line


def test_the_slashes_after_base_url_are_removed(tmp_path: Path) -> None:
    text = nested("onec.base_url", "HTTPS://1c.example.org:8443/база/hs//")
    settings = load(tmp_path, text, without("onec.base_url"))
    assert settings.onec.base_url == "HTTPS://1c.example.org:8443/база/hs"


def test_a_long_value_is_shown_in_part(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, nested("log.level", "x" * 1000))
    assert line == (
        f'config.yml:2:3 log.level = "{"x" * 80}…": one of debug, info, warning, error is expected'
    )


def test_a_certificate_file_that_exists_is_accepted(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("")
    assert load(tmp_path, nested("onec.ca_file", f"'{authority}'")).onec.ca_file == authority


@hypothesis_settings(deadline=None)
@given(st.text(alphabet="ah1.:/[]%@-_é~!$,;", max_size=30).map("http://".__add__))
def test_a_base_url_that_is_accepted_is_one_for_the_http_client(text: str) -> None:
    try:
        url = BASE_URL.normal(text)
    except InvalidValue:
        return
    if url is not None:
        assert URL(url + "/mcp/health").host


def test_a_user_beside_the_scheme_none_is_a_contradiction(tmp_path: Path) -> None:
    environment = without("onec.auth.username")
    none = nested("onec.auth.type", "none")

    assert load(tmp_path, none, environment).onec.auth.type == "none"
    (problem,) = problems(tmp_path, none)
    assert "none sends no login; write basic, or remove it" in problem
