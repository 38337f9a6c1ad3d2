"""`onecgw check --oauth`: the whole way of a client against a running gateway, step by step."""

import contextlib
import html
import http.client
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from onecgw.diagnostics.oauth_answers import NOT_OURS, Answer, Failed, ask
from onecgw.diagnostics.onec_check import Step
from onecgw.oauth.secrets import pkce_challenge

SKEW_SECONDS: Final = 60
# Nobody has to listen there: the browser that would go there is this program.
CALLBACK: Final = "http://127.0.0.1:1/onecgw-check"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
_ENDPOINTS: Final = (
    "registration_endpoint",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
)


def check_oauth(
    issuer: str, key: str, report: Callable[[Step], None], *, resource: str = ""
) -> bool:
    """Log in with a key as a client does, and report every step; whether all went well.

    The login that is made is revoked at the end, also after a failure. resource: "" for the usual
    one, `{issuer}/mcp`.
    """
    client = _Client(issuer, key, resource or f"{issuer}/mcp")
    steps = (
        ("challenge", client.meet_challenge),
        ("resource metadata", client.read_resource_metadata),
        ("server metadata", client.read_server_metadata),
        ("registration", client.register),
        ("key page", client.open_key_page),
        ("key", client.send_key),
        ("consent", client.allow),
        ("token", client.redeem),
        ("tools/list", client.list_tools),
        ("refresh", client.refresh),
        ("revocation", client.revoke),
    )
    for name, step in steps:
        began = time.monotonic()
        try:
            detail = step()
        except Failed as failed:
            report(Step(name=name, ok=False, detail=str(failed), advice=failed.advice))
            if name != "revocation":
                client.give_up()
            return False
        latency_ms = round((time.monotonic() - began) * 1000)
        report(Step(name=name, ok=True, latency_ms=latency_ms, detail=detail))
    return True


def _member(document: dict[str, Any], name: str) -> str:
    """A member that must be a text."""
    value = document.get(name)
    if not isinstance(value, str):
        raise Failed(f"{name} is missing in the answer", NOT_OURS)
    return value


class _Client:
    """What a client knows while it logs in."""

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

    def meet_challenge(self) -> str:
        answer = self._ask("POST", self._resource, body="{}", media_type=JSON)
        answer.expect(http.client.UNAUTHORIZED)
        challenge = answer.headers.get("www-authenticate", "")
        found = re.search(r'resource_metadata="([^"]+)"', challenge)
        if not found:
            raise Failed(
                f"401 with {challenge!r}" if challenge else "401 without WWW-Authenticate",
                "is oauth.enabled true in the gateway that runs? The proxy must leave the header"
                " WWW-Authenticate as it is",
            )
        if not found[1].startswith(f"{self._issuer}/"):
            raise Failed(
                f"the metadata is at {found[1]}, not at {self._issuer}",
                "the gateway that runs has another oauth.public_url: set it to the address that"
                " clients use, byte for byte, and restart it",
            )
        scope = re.search(r'scope="([^"]+)"', challenge)
        self._scope = scope[1] if scope else ""
        self._metadata_url = found[1]
        return f"401, metadata at {found[1]}{_tell_skew(answer)}"

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
            # The key goes there, and the tokens: never to another host.
            if not _member(self._server, name).startswith(f"{self._issuer}/"):
                raise Failed(f"{name} is not an address of {self._issuer}", NOT_OURS)
        return f"issuer {self._issuer}"

    def register(self) -> str:
        body = json.dumps({"client_name": "onecgw check", "redirect_uris": [CALLBACK]})
        url = self._server["registration_endpoint"]
        answer = self._ask("POST", url, body=body, media_type=JSON)
        answer.expect(http.client.CREATED)
        self._client_id = _member(answer.object(), "client_id")
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
        answer = self._ask("GET", f"{self._server['authorization_endpoint']}?{query}")
        answer.expect(http.client.OK)
        self._cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        self._page = answer.body
        if not self._cookie:
            raise Failed(
                "the page came without its cookie",
                "the proxy must pass Set-Cookie and Cookie on",
            )
        if "form-action" in answer.headers.get("content-security-policy", ""):
            raise Failed(
                "the page came with a Content-Security-Policy that has form-action",
                "the proxy must add none to /oauth/authorize: browsers would stop after Allow",
            )
        return "the page asks for the key"

    def send_key(self) -> str:
        form = {"request": self._hidden("request"), "key": self._key}
        answer = self._post_page(form)
        is_page = 'name="key"' in answer.body
        if answer.status == http.client.FORBIDDEN and is_page:
            raise Failed(
                "the key is not valid",
                "is it the whole key, of an account that is still good? If onecgw.secrets is new,"
                " keys of the gateway itself have to be made anew",
            )
        if answer.status == http.client.SERVICE_UNAVAILABLE and is_page:
            raise Failed("the key could not be checked", "1C does not answer; see `onecgw check`")
        answer.expect(http.client.OK)
        self._page = answer.body
        return "the key is valid"

    def allow(self) -> str:
        scopes = re.findall(r'name="scope" value="([^"]+)"', self._page)
        if not scopes:
            raise Failed(
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

    def redeem(self) -> str:
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
            raise Failed(
                "401: the access token that was sent has not arrived",
                "the proxy must pass the header Authorization on",
            )
        answer.expect(http.client.OK)
        result = answer.object().get("result")
        tools = result.get("tools") if isinstance(result, dict) else None
        if not isinstance(tools, list):
            raise Failed("the answer has no tools", "the log of the gateway says why")
        return f"{len(tools)} tools"

    def refresh(self) -> str:
        before = self._tokens["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": before}
        self._tokens = self._ask_token(form)
        self._expect(self._tokens["refresh_token"] != before, True, "rotation")
        return "new tokens"

    def revoke(self) -> str:
        form = {"client_id": self._client_id, "token": self._tokens["refresh_token"]}
        url = self._server["revocation_endpoint"]
        answer = self._ask("POST", url, body=urlencode(form), media_type=FORM)
        answer.expect(http.client.OK)
        self._call_mcp().expect(http.client.UNAUTHORIZED)
        return "the login is over"

    def give_up(self) -> None:
        """End the login that a failed check leaves behind, as far as that is possible."""
        if self._tokens:
            with contextlib.suppress(Failed):
                self.revoke()

    def _call_mcp(self) -> Answer:
        return self._ask(
            "POST",
            self._resource,
            body='{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
            media_type=JSON,
            headers={"Authorization": f"Bearer {self._tokens['access_token']}"},
        )

    def _ask_token(self, form: dict[str, str]) -> dict[str, Any]:
        body = urlencode({"client_id": self._client_id} | form)
        answer = self._ask("POST", self._server["token_endpoint"], body=body, media_type=FORM)
        answer.expect(http.client.OK)
        tokens = answer.object()
        for name in ("access_token", "refresh_token"):
            _member(tokens, name)
        return tokens

    def _post_page(self, form: dict[str, str] | list[tuple[str, str]]) -> Answer:
        return self._ask(
            "POST",
            self._server["authorization_endpoint"],
            body=urlencode(form),
            media_type=FORM,
            headers={"Cookie": self._cookie, "Origin": self._issuer},
        )

    def _hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', self._page)
        if not found:
            raise Failed("the page is not the gateway's", "does the reverse proxy change pages?")
        return html.unescape(found[1])

    def _get_document(self, url: str) -> dict[str, Any]:
        answer = self._ask("GET", url)
        answer.expect(http.client.OK)
        return answer.object()

    def _expect(self, seen: object, wanted: object, what: str) -> None:
        if seen != wanted:
            raise Failed(
                f"{what} is {seen!r}, {wanted!r} is expected",
                "set oauth.public_url to the address that clients use, byte for byte",
            )

    def _ask(
        self,
        method: str,
        url: str,
        *,
        body: str = "",
        media_type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Content-Type": media_type} if media_type else {}
        return ask(method, url, body=body, headers={**sent, **(headers or {})})


def _tell_skew(answer: Answer) -> str:
    """A clock of the other side that differs; "" if it does not."""
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return ""
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    ahead = round((theirs - datetime.now(UTC)).total_seconds())
    if abs(ahead) <= SKEW_SECONDS:
        return ""
    side = "ahead of" if ahead > 0 else "behind"
    return f"; its clock is {abs(ahead)} s {side} this one: synchronise both"
