"""Registration: what is accepted, dropped or refused; it takes no storage."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.auth.caller import ALL_SCOPES
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.redirect_policy import KNOWN, RedirectPolicy, is_same_redirect
from onecgw.oauth.safe_fetch import Address, DocumentFetcher
from onecgw.settings import RedirectSettings
from tests.builders.oauth_rig import CALLBACK, open_oauth

CLOSED = RedirectPolicy(allowed=frozenset({"https://app.example.org/callback"}), open_https=False)
OPEN = RedirectPolicy(allowed=frozenset(), open_https=True)


async def test_a_registration_is_answered_with_what_was_accepted(tmp_path: Path) -> None:
    metadata = {
        "redirect_uris": [CALLBACK, "https://foreign.example.org/callback"],
        "client_name": "Claude",
        "token_endpoint_auth_method": "private_key_jwt",
        "application_type": "native",
        "scope": "mcp:resolve openid",
        "software_id": {"unknown": ["members", "are", "ignored"]},
    }
    async with open_oauth(tmp_path) as oauth:
        response = await oauth.http.post("/register", json=metadata)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["access-control-allow-origin"] == "*"
    answer = response.json()
    client_id = answer.pop("client_id")
    assert client_id.startswith("ocg_dc_")
    assert len(client_id) < 400
    assert answer == {
        "client_id_issued_at": int(oauth.clock.seconds),
        "client_name": "Claude",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "mcp:resolve openid",
    }


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"redirect_uris": CALLBACK}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK] * 11}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK, "javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK, "https://a@claude.ai/x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://foreign.example.org/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK, "https://приклад.укр/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK, "http://localhost:3000/колбек"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK, "cursor://anysphere.cursor-mcp/é"]}, "invalid_redirect_uri"),
        ({"client_name": 5}, "invalid_client_metadata"),
        ({"grant_types": "authorization_code"}, "invalid_client_metadata"),
        ({"scope": ["mcp:resolve"]}, "invalid_client_metadata"),
    ],
    ids=str,
)
async def test_metadata_that_is_not_acceptable_is_refused(
    tmp_path: Path, change: dict[str, Any], error: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        response = await oauth.http.post(
            "/oauth/register", json={"redirect_uris": [CALLBACK]} | change
        )
    assert response.status_code == 400
    assert response.json()["error"] == error
    assert oauth.event_names == ["client.rejected"]


async def test_a_redirect_uri_in_other_letters_is_answered_with_what_to_write(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path, redirects=RedirectSettings(open_https=True)) as oauth:
        body = {"redirect_uris": ["https://приклад.укр/cb"]}
        answer = await oauth.http.post("/oauth/register", json=body)
        punycode = await oauth.register(redirect_uris=["https://xn--80aikifvh.xn--j1amh/cb"])
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_redirect_uri",
        "error_description": "a redirect URI in ASCII, the host in punycode (xn--...) and other"
        " signs percent-encoded, is expected",
    }
    assert punycode["redirect_uris"] == ["https://xn--80aikifvh.xn--j1amh/cb"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 10_000, b"null"])
async def test_a_body_that_is_no_json_object_is_refused(tmp_path: Path, body: bytes) -> None:
    async with open_oauth(tmp_path) as oauth:
        response = await oauth.http.post(
            "/oauth/register", content=body, headers={"content-type": "application/json"}
        )
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_client_metadata"


async def test_a_changed_client_id_is_not_known(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        for position in (8, len(client_id) // 2, len(client_id) - 1):
            other = "A" if client_id[position] != "A" else "B"
            changed = client_id[:position] + other + client_id[position + 1 :]
            assert (await oauth.open_page(changed)).status_code == 400


async def test_a_client_loses_a_redirect_that_the_operator_takes_away(tmp_path: Path) -> None:
    uri = "https://app.example.org/callback"
    allowed = RedirectSettings(allowed=(uri,))
    async with open_oauth(tmp_path, redirects=allowed) as oauth:
        client_id = (await oauth.register(redirect_uris=[uri]))["client_id"]
        before = await oauth.open_page(client_id, redirect_uri=uri)
    async with open_oauth(tmp_path) as oauth:
        after = await oauth.open_page(client_id, redirect_uri=uri)
    assert (before.status_code, after.status_code) == (200, 400)


async def test_a_client_of_the_operator_is_known_by_name(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, clients=(f"intranet {CALLBACK}",)) as oauth:
        page = await oauth.open_page("intranet")
    assert page.status_code == 200
    assert "<bdi>intranet</bdi>" in page.text
    assert "not verified" not in page.text


@pytest.mark.parametrize(
    ("uri", "verdict"),
    [
        *((uri, "allowed") for uri in sorted(KNOWN)),
        ("https://app.example.org/callback", "allowed"),
        ("https://chatgpt.com/connector/oauth/abc_DEF-1", "allowed"),
        ("https://chatgpt.com/connector/oauth/abc/def", "allowed"),
        ("https://chatgpt.com/connector/oauth/a/b/c", "foreign"),
        ("https://chatgpt.com/connector/oauth/", "foreign"),
        ("http://localhost", "allowed"),
        ("http://localhost:3000/callback?x=1", "allowed"),
        ("http://127.0.0.1:65535/", "allowed"),
        ("http://[::1]:1/cb", "allowed"),
        ("http://[::2]:1/cb", "foreign"),
        ("http://127.0.0.2/cb", "foreign"),
        ("http://localhost.evil.example/cb", "foreign"),
        ("http://localhost:3000@evil.example/cb", "dangerous"),
        ("https://app.example.org/callback/", "foreign"),
        ("https://app.example.org/x/../callback", "dangerous"),
        ("https://app.example.org/callback#f", "dangerous"),
        ("https://app.example.org/callback\n", "dangerous"),
        ("https://app.example.org\\@evil.example/", "dangerous"),
        ("https://апп.example.org/callback", "dangerous"),
        ("https://app.example.org/c%61llback", "foreign"),
        ("https://xn--80ak6aa92e.example/callback", "foreign"),
        ("https:///callback", "dangerous"),
        ("cursor://anysphere.cursor-mcp/oauth/callback2", "foreign"),
        ("javascript:alert(1)", "dangerous"),
        ("JavaScript://x/%0aalert(1)", "dangerous"),
        ("data:text/html,x", "dangerous"),
        ("//evil.example/cb", "dangerous"),
        ("/callback", "dangerous"),
        ("", "dangerous"),
        ("http://localhost:99999/", "dangerous"),
        ("https://app.example.org/" + "x" * 512, "dangerous"),
    ],
)
def test_the_policy_on_redirects(uri: str, verdict: str) -> None:
    assert CLOSED.classify(uri) == verdict


def test_any_https_address_may_be_let_in_by_the_operator() -> None:
    assert OPEN.classify("https://anything.example.org/cb") == "allowed"
    assert OPEN.classify("http://anything.example.org/cb") == "foreign"
    assert OPEN.classify("https://user@anything.example.org/cb") == "dangerous"


@pytest.mark.parametrize(
    ("requested", "is_same"),
    [
        ("http://127.0.0.1:1/cb?a=1", True),
        ("http://127.0.0.1/cb?a=1", True),
        ("http://127.0.0.1:1/cb", False),
        ("http://127.0.0.1:1/cb?a=1&b=2", False),
        ("http://localhost:1/cb?a=1", False),
        ("https://127.0.0.1:1/cb?a=1", False),
        ("http://127.0.0.1:1/cb?a=1#f", False),
    ],
)
def test_only_the_port_of_a_loopback_address_may_differ(requested: str, is_same: bool) -> None:
    assert is_same_redirect("http://127.0.0.1:3000/cb?a=1", requested) is is_same


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Cafe\u0301", "Café"),  # NFC
        ("x" * 100, "x" * 80),
        ("a\u202eb\u2066c\x00d\u200be", "abcde"),
        ("  two \t words \u2028 ", "two words"),
        ("", "MCP client"),
        ("\u202e\u200b", "MCP client"),
    ],
)
async def test_a_name_can_do_no_harm(tmp_path: Path, written: str, shown: str) -> None:
    async with open_oauth(tmp_path) as oauth:
        assert (await oauth.register(client_name=written))["client_name"] == shown


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
async def test_a_secret_is_derived_and_does_not_expire(tmp_path: Path, method: str) -> None:
    async with open_oauth(tmp_path) as oauth:
        client = await oauth.register(token_endpoint_auth_method=method)
        other = await oauth.register(token_endpoint_auth_method=method)
        assert oauth.secrets.client_secret(client["client_id"]) == client["client_secret"]
    assert client["client_secret_expires_at"] == 0
    assert client["token_endpoint_auth_method"] == method
    assert client["client_secret"] != other["client_secret"]


async def test_what_a_client_says_of_itself_is_echoed_and_has_no_effect(tmp_path: Path) -> None:
    metadata = {"application_type": "web", "scope": "mcp:resolve"}
    async with open_oauth(tmp_path) as oauth:
        client = await oauth.register(**metadata)  # "web" with a loopback address
        await oauth.fetch_code(client["client_id"], scopes=ALL_SCOPES)
        (grant,) = oauth.rows("grants")
    assert {name: client[name] for name in metadata} == metadata
    assert grant["scopes"].split() == list(ALL_SCOPES)


async def test_a_registration_fetches_nothing(tmp_path: Path) -> None:
    async def resolve(host: str) -> list[Address]:
        raise AssertionError(host)

    urls = dict.fromkeys(
        ("client_uri", "logo_uri", "policy_uri", "jwks_uri", "sector_identifier_uri"),
        "https://app.example.org/x",
    )
    async with open_oauth(tmp_path, cimd="open", fetcher=DocumentFetcher(resolve=resolve)) as oauth:
        client = await oauth.register(**urls)
    assert urls.keys().isdisjoint(client)


async def test_a_registration_is_small(tmp_path: Path) -> None:
    small = json.dumps({"redirect_uris": [CALLBACK]}).encode()
    headers = {"content-type": "application/json"}
    async with open_oauth(tmp_path) as oauth:
        largest = await oauth.http.post(
            "/oauth/register", content=small.ljust(16 * 1024), headers=headers
        )
        text = await oauth.http.post("/oauth/register", content=small)
    assert (largest.status_code, text.status_code) == (201, 400)


# The in-process transport is left in the middle of the body.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*ByteStream")
async def test_a_registration_that_is_too_large_is_413(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        answer = await oauth.http.post(
            "/oauth/register",
            content=b" " * (16 * 1024 + 1),
            headers={"content-type": "application/json"},
        )
    assert answer.status_code == 413
    assert answer.json()["error"] == "invalid_request"


@given(st.text())
def test_a_description_is_what_clients_can_read(text: str) -> None:
    described = OAuthError("invalid_request", text).description
    assert described.isascii()
    assert described.isprintable()
    assert set(described).isdisjoint('"\\=')
