"""`onecgw check --oauth`: log in to a running gateway as a client does, step by step."""

import html
import http.client
import json
import re
import secrets
import time
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import attrs

from onecgw.diagnostics.oauth_http import NOT_OURS, HttpAnswer, send_request
from onecgw.diagnostics.step import (
    SKEW_SECONDS,
    CheckFailed,
    ReportStep,
    clock_skew_seconds,
    run_step,
)
from onecgw.oauth.secrets import pkce_challenge

# Nothing has to listen there: this program reads the redirect and does not follow it.
CALLBACK: Final = "http://127.0.0.1:1/onecgw-check"
_ENDPOINTS: Final = (
    "registration_endpoint",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
)


def check_oauth(issuer: str, key: str, report: ReportStep, *, resource: str = "") -> bool:
    """Log in as a client does and report each step; return whether all steps passed.

    The login is revoked at the end, also after a failure.

    Args:
        issuer: the public URL of the gateway.
        key: the access key of an account.
        report: called with each step.
        resource: the protected resource; "" is `{issuer}/mcp`.
    """
    client = _CheckingClient(issuer, key, resource or f"{issuer}/mcp")
    steps = (
        ("challenge", client.read_challenge),
        ("resource metadata", client.read_resource_metadata),
        ("server metadata", client.read_server_metadata),
        ("registration", client.register),
        ("key page", client.open_key_page),
        ("key", client.send_key),
        ("consent", client.consent),
        ("token", client.exchange_code),
        ("tools/list", client.list_tools),
        ("refresh", client.refresh),
        ("revocation", client.revoke),
    )
    for name, step in steps:
        began = time.monotonic()
        done = run_step(name, step)
        if not done.ok:
            report(done)
            if name != "revocation" and client.is_logged_in:
                run_step("revocation", client.revoke)  # whether this fails is not reported
            return False
        report(attrs.evolve(done, latency_ms=round((time.monotonic() - began) * 1000)))
    return True


def _member(document: dict[str, Any], name: str) -> str:
    """Return a member that must be a string."""
    value = document.get(name)
    if not isinstance(value, str):
        raise CheckFailed(f"{name} is missing in the answer", NOT_OURS)
    return value


class _CheckingClient:
    """An OAuth client: each method is one step, and uses what the steps before it received."""

    def __init__(self, issuer: str, key: str, resource: str) -> None:
        self._issuer = issuer
        self._resource = resource
        self._key = key
        self._metadata_url = ""
        self._scope = ""
        self._server: dict[str, Any] = {}
        self._client_id = ""
        self._verifier = secrets.token_urlsafe(48)
        self._state = secrets.token_urlsafe(16)
        self._cookie = ""
        self._page = ""
        self._code = ""
        self._tokens: dict[str, Any] = {}

    @property
    def is_logged_in(self) -> bool:
        return bool(self._tokens)

    def read_challenge(self) -> str:
        answer = self._post_json(self._resource, {})
        answer.expect(http.client.UNAUTHORIZED)
        challenge = answer.headers.get("www-authenticate", "")
        found = re.search(r'resource_metadata="([^"]+)"', challenge)
        if not found:
            raise CheckFailed(
                f"401 with {challenge!r}" if challenge else "401 without WWW-Authenticate",
                "is oauth.enabled true in the gateway that runs? The proxy must leave the header"
                " WWW-Authenticate as it is",
            )
        if not found[1].startswith(f"{self._issuer}/"):
            raise CheckFailed(
                f"the metadata is at {found[1]}, not at {self._issuer}",
                "the gateway that runs has another oauth.public_url: set it to the address that"
                " clients use, byte for byte, and restart it",
            )
        scope = re.search(r'scope="([^"]+)"', challenge)
        self._scope = scope[1] if scope else ""
        self._metadata_url = found[1]
        return f"401, metadata at {found[1]}{_describe_skew(answer)}"

    def read_resource_metadata(self) -> str:
        document = self._get_document(self._metadata_url)
        self._expect(document.get("resource"), self._resource, "resource")
        servers = document.get("authorization_servers")
        self._expect(servers, [self._issuer], "authorization_servers")
        return f"resource {self._resource}"

    def read_server_metadata(self) -> str:
        url = f"{self._issuer}/.well-known/oauth-authorization-server"
        self._server = self._get_document(url)
        self._expect(self._server.get("issuer"), self._issuer, "issuer")
        for name in _ENDPOINTS:
            # The key and the tokens are sent there: never to another host.
            if not _member(self._server, name).startswith(f"{self._issuer}/"):
                raise CheckFailed(f"{name} is not an address of {self._issuer}", NOT_OURS)
        return f"issuer {self._issuer}"

    def register(self) -> str:
        metadata = {"client_name": "onecgw check", "redirect_uris": [CALLBACK]}
        answer = self._post_json(self._server["registration_endpoint"], metadata)
        answer.expect(http.client.CREATED)
        self._client_id = _member(answer.json_object(), "client_id")
        return "a client_id was issued"

    def open_key_page(self) -> str:
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": CALLBACK,
                "state": self._state,
                "code_challenge": pkce_challenge(self._verifier),
                "code_challenge_method": "S256",
                "resource": self._resource,
                "scope": self._scope,
            }
        )
        answer = send_request("GET", f"{self._server['authorization_endpoint']}?{query}")
        answer.expect(http.client.OK)
        self._cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        self._page = answer.body
        if not self._cookie:
            raise CheckFailed(
                "the page came without its cookie",
                "the proxy must pass Set-Cookie and Cookie on",
            )
        if "form-action" in answer.headers.get("content-security-policy", ""):
            raise CheckFailed(
                "the page came with a Content-Security-Policy that has form-action",
                "the proxy must add none to /oauth/authorize: browsers would stop after Allow",
            )
        return "the page asks for the key"

    def send_key(self) -> str:
        form = {"request": self._hidden("request"), "key": self._key}
        answer = self._post_page(form)
        is_page = 'name="key"' in answer.body
        if answer.status == http.client.FORBIDDEN and is_page:
            raise CheckFailed(
                "the key is not valid",
                "is it the whole key, of an account that is still good? If onecgw.secrets is new,"
                " keys of the gateway itself have to be made anew",
            )
        if answer.status == http.client.SERVICE_UNAVAILABLE and is_page:
            raise CheckFailed(
                "the key could not be checked", "1C does not answer; see `onecgw check`"
            )
        answer.expect(http.client.OK)
        self._page = answer.body
        return "the key is valid"

    def consent(self) -> str:
        scopes = re.findall(r'name="scope" value="([^"]+)"', self._page)
        if not scopes:
            raise CheckFailed(
                "the account may see nothing",
                "give the account scopes in 1C (or make another key with `onecgw keys add`), or"
                " look at oauth.supported_scopes",
            )
        form = [("transaction", self._hidden("transaction")), ("answer", "allow")]
        answer = self._post_page([*form, *(("scope", scope) for scope in scopes)])
        answer.expect(http.client.SEE_OTHER)
        query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
        self._expect(query.get("state"), [self._state], "state")
        self._expect(query.get("iss"), [self._issuer], "iss")
        self._code = query.get("code", [""])[0]
        self._expect(bool(self._code), True, "code in the redirect")
        return f"allowed: {', '.join(scopes)}"

    def exchange_code(self) -> str:
        self._tokens = self._ask_token(
            {
                "grant_type": "authorization_code",
                "code": self._code,
                "redirect_uri": CALLBACK,
                "code_verifier": self._verifier,
            }
        )
        return f"an access token for {self._tokens.get('expires_in')} s"

    def list_tools(self) -> str:
        answer = self._call_mcp()
        challenge = answer.headers.get("www-authenticate", "")
        if answer.status == http.client.UNAUTHORIZED and "error=" not in challenge:
            raise CheckFailed(
                "401: the access token that was sent has not arrived",
                "the proxy must pass the header Authorization on",
            )
        answer.expect(http.client.OK)
        result = answer.json_object().get("result")
        tools = result.get("tools") if isinstance(result, dict) else None
        if not isinstance(tools, list):
            raise CheckFailed("the answer has no tools", "the log of the gateway says why")
        return f"{len(tools)} tools"

    def refresh(self) -> str:
        before = self._tokens["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": before}
        self._tokens = self._ask_token(form)
        self._expect(self._tokens["refresh_token"] != before, True, "rotation")
        return "new tokens"

    def revoke(self) -> str:
        form = {"client_id": self._client_id, "token": self._tokens["refresh_token"]}
        answer = self._post_form(self._server["revocation_endpoint"], form)
        answer.expect(http.client.OK)
        self._call_mcp().expect(http.client.UNAUTHORIZED)
        return "the login is over"

    def _call_mcp(self) -> HttpAnswer:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        token = self._tokens["access_token"]
        return self._post_json(self._resource, message, Authorization=f"Bearer {token}")

    def _ask_token(self, form: dict[str, str]) -> dict[str, Any]:
        form = {"client_id": self._client_id} | form
        answer = self._post_form(self._server["token_endpoint"], form)
        answer.expect(http.client.OK)
        tokens = answer.json_object()
        for name in ("access_token", "refresh_token"):
            _member(tokens, name)
        return tokens

    def _post_page(self, form: dict[str, str] | list[tuple[str, str]]) -> HttpAnswer:
        url = self._server["authorization_endpoint"]
        return self._post_form(url, form, Cookie=self._cookie, Origin=self._issuer)

    def _hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', self._page)
        if not found:
            raise CheckFailed(
                "the page is not the gateway's", "does the reverse proxy change pages?"
            )
        return html.unescape(found[1])

    def _get_document(self, url: str) -> dict[str, Any]:
        answer = send_request("GET", url)
        answer.expect(http.client.OK)
        return answer.json_object()

    def _expect(self, seen: object, wanted: object, what: str) -> None:
        if seen != wanted:
            raise CheckFailed(
                f"{what} is {seen!r}, {wanted!r} is expected",
                "set oauth.public_url to the address that clients use, byte for byte",
            )

    def _post_json(self, url: str, value: dict[str, Any], **headers: str) -> HttpAnswer:
        sent = {"Content-Type": "application/json", **headers}
        return send_request("POST", url, body=json.dumps(value), headers=sent)

    def _post_form(
        self, url: str, form: dict[str, str] | list[tuple[str, str]], **headers: str
    ) -> HttpAnswer:
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return send_request("POST", url, body=urlencode(form), headers=sent)


def _describe_skew(answer: HttpAnswer) -> str:
    """Say how far the server's clock differs from this one; "" if it does not."""
    skew = clock_skew_seconds(answer.headers) or 0
    if abs(skew) <= SKEW_SECONDS:
        return ""
    side = "behind" if skew > 0 else "ahead of"
    return f"; its clock is {abs(skew)} s {side} this one: synchronise both"
