"""The settings of logins: durations, what contradicts what, and what follows from what."""

from pathlib import Path

import pytest

from onecgw.settings import Duration
from tests.builders.settings_text import ENOUGH, load, problems

ON = {name: text for name, text in ENOUGH.items() if name != "ONECGW_OAUTH__ENABLED"}
PUBLIC = "oauth: {public_url: 'https://mcp.example.org'%s}"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h", 3600), ("720h", 2_592_000), ("30d", 2_592_000)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert Duration(text).seconds == seconds


@pytest.mark.parametrize("text", ["1", "h", "0h", "01h", "1.5h", "-1h", "1 h", "1w", "25h", "59s"])
def test_other_durations_are_refused(tmp_path: Path, text: str) -> None:
    (line,) = problems(tmp_path, PUBLIC % f", access_token_ttl: '{text}'", ON)
    assert "oauth.access_token_ttl" in line
    assert "a duration such as 24h, at least 60s, at most 24h is expected" in line


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (", supported_scopes: ['mcp:resolve']", "not one of oauth.supported_scopes"),
        (", refresh_token_ttl: 100d", "at most oauth.grant_ttl (2160h) is expected"),
        (", cimd: allowlist", "oauth.cimd: allowlist needs them"),
        (", clients: ['intranet']", "a client id and its redirect URIs"),
        (", redirects: {allowed: ['app.example.org']}", "a redirect URI such as"),
        (", resource: 'mcp.example.org'", "a URL such as https://mcp.example.org/mcp"),
        (", resource: 'https://mcp.example.org/мсп'", "other signs percent-encoded"),
        (", rate_limit: {pages_per_minute: -1}", "from 0 to 10000"),
        (", rate_limit: {failures_per_minute: 100001}", "from 0 to 100000"),
        (", rate_limit: {token_address_per_minute: many}", "from 0 to 1000000"),
    ],
)
def test_contradictions_are_reported(tmp_path: Path, more: str, words: str) -> None:
    (line,) = problems(tmp_path, PUBLIC % more, ON)
    assert words in line


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("https://приклад.укр/cb", "in ASCII, the host in punycode (xn--...)"),
        ("https://bücher.example/cb", "in ASCII, the host in punycode (xn--...)"),
        ("https://app.example.org/колбек", "other signs percent-encoded"),
        ("https://app.example.org/cb?x=é", "other signs percent-encoded"),
        ("https://app.example.org/cb#x", "without spaces, fragment, quotes and backslashes"),
        ("https://u@app.example.org/cb", "without user and password"),
        ("https://app.example.org:0/cb", "with a port from 1 to 65535"),
        ("https://app.example.org/cb?code=1", "without code, state, iss and error in its query"),
        ("https://app.example.org/cb?a=b&state", "without code, state, iss and error in its query"),
        ("https://app.example.org/cb?%69ss=", "without code, state, iss and error in its query"),
        ("https://app.example.org:x/cb", "with a readable host and port"),
        ("https:///cb", "with a host"),
        ("https://app.example.org/a/%2E%2e/cb", "without . and .. in its path"),
        ("javascript://app.example.org/cb", "with https://, or the scheme of an application"),
        ("http://app.example.org/cb", "https:// (http:// only on localhost, 127.0.0.1 or [::1])"),
        ("https://app.example.org/" + "x" * 500, "at most 512 characters"),
    ],
)
def test_a_redirect_uri_that_no_login_could_lead_to_is_refused_where_it_stands(
    tmp_path: Path, uri: str, words: str
) -> None:
    lists = {"redirects.allowed": f"  redirects:\n    allowed: ['{uri}']\n"}
    lists["clients"] = f"  clients: ['intranet {uri}']\n"
    for key, text in lists.items():
        (line,) = problems(tmp_path, f"oauth:\n  public_url: https://m.example.org\n{text}", ON)
        place = "config.yml:4:5" if key == "redirects.allowed" else "config.yml:3:3"
        assert line.startswith(f"{place} oauth.{key}")
        assert words in line
        assert line.endswith(" is expected")


def test_a_redirect_uri_is_kept_byte_by_byte(tmp_path: Path) -> None:
    uris = (
        "https://xn--80ak6aa92e.example/cb",
        "https://app.example.org/a%2Fb",
        "https://app.example.org/a%2fb",
        "cursor://anysphere.cursor-mcp/other",
        "http://localhost:3000/cb",
    )
    text = f"oauth: {{public_url: 'https://m.example.org', redirects: {{allowed: {list(uris)}}}}}"
    assert load(tmp_path, text, ON).oauth.redirects.allowed == uris


def test_the_issuer_may_be_the_servers_address(tmp_path: Path) -> None:
    settings = load(tmp_path, "server: {public_url: 'https://mcp.example.org'}", ON)
    assert settings.issuer == "https://mcp.example.org"
    assert settings.resource == "https://mcp.example.org/mcp"
    assert settings.secrets_path == tmp_path / "data" / "onecgw.secrets"


@pytest.mark.parametrize(
    "url", ["http://mcp.example.org", "https://mcp.example.org/", "mcp.example.org"]
)
def test_an_issuer_is_an_origin_over_tls(tmp_path: Path, url: str) -> None:
    assert "oauth.public_url" in problems(tmp_path, f"oauth: {{public_url: '{url}'}}", ON)[0]
