"""A person who logs in as a browser would, and leaves the ticks of the page as they are."""

import base64
import hashlib
import html
import json
import re
import secrets
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CALLBACK = "http://localhost:3031/callback"
FORM = "application/x-www-form-urlencoded"


class LoggedIn:
    """An MCP client with an access token."""

    def __init__(self, host: str, token: str) -> None:
        self._host = host
        self._token = token

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """The structured answer of a tool."""
        message = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments},
        }
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        _, body = request(self._host, "POST", "/mcp", json.dumps(message), headers)
        answer = json.loads(body)
        assert "structuredContent" in answer.get("result", {}), answer
        return answer["result"]["structuredContent"]


def log_in(url: str, key: str) -> LoggedIn:
    """Register a client, and log in with a key; the scopes are those that the page proposes."""
    host = urlsplit(url).netloc
    registration = json.dumps({"redirect_uris": [CALLBACK]})
    as_json = {"Content-Type": "application/json"}
    _, registered = request(host, "POST", "/oauth/register", registration, as_json)
    client_id = json.loads(registered)["client_id"]
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    response, page = request(host, "GET", f"/oauth/authorize?{urlencode(query)}")
    cookie = (response.getheader("set-cookie") or "").partition(";")[0]
    headers = {"Content-Type": FORM, "Cookie": cookie, "Origin": url}
    fields: list[tuple[str, str]] = [("request", hidden(page, "request")), ("key", key)]
    response, page = request(host, "POST", "/oauth/authorize", urlencode(fields), headers)
    assert response.status == 200, page
    fields = [("transaction", hidden(page, "transaction")), ("answer", "allow")]
    fields += [("scope", scope) for scope in ticked(page)]
    response, page = request(host, "POST", "/oauth/authorize", urlencode(fields), headers)
    (code,) = parse_qs(urlsplit(response.getheader("location") or "").query)["code"]
    grant = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": CALLBACK,
    }
    _, tokens = request(host, "POST", "/oauth/token", urlencode(grant), {"Content-Type": FORM})
    return LoggedIn(host, json.loads(tokens)["access_token"])


def request(
    host: str, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[HTTPResponse, str]:
    """A response and its text."""
    connection = HTTPConnection(host, timeout=60)
    try:
        connection.request(method, path, body.encode() or None, headers or {})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)[:1]
    (value,) = re.findall(r'value="([^"]*)"', tag)
    return html.unescape(value)


def ticked(page: str) -> list[str]:
    """The scopes that the page has ticked."""
    boxes = re.findall(r'<input[^>]*type="checkbox"[^>]*>', page)
    return [
        re.findall(r'value="([^"]*)"', box)[0] for box in boxes if re.search(r"\bchecked\b", box)
    ]
