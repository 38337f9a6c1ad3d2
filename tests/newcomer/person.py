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
OK = 200
FORM = "application/x-www-form-urlencoded"


class LoggedIn:
    """An MCP client with an access token."""

    def __init__(self, host: str, token: str) -> None:
        self._host = host
        self._token = token

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """The structured answer of a tool."""
        status, answer = self.ask(tool, arguments)
        assert status == OK, answer
        assert "structuredContent" in answer.get("result", {}), answer
        return answer["result"]["structuredContent"]

    def ask(self, tool: str, arguments: dict[str, Any]) -> tuple[int, Any]:
        """The status and the JSON of a call."""
        message = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments},
        }
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        response, body = request(self._host, "POST", "/mcp", json.dumps(message), headers)
        return response.status, json.loads(body)


class Login:
    """A client that is registered and asks a person to log in."""

    def __init__(self, url: str, callback: str = CALLBACK) -> None:
        self._url = url
        self._host = urlsplit(url).netloc
        self.callback = callback
        registration = json.dumps({"redirect_uris": [callback]})
        as_json = {"Content-Type": "application/json"}
        _, registered = request(self._host, "POST", "/oauth/register", registration, as_json)
        self._client_id: str = json.loads(registered)["client_id"]
        self._verifier = secrets.token_urlsafe(48)

    @property
    def path(self) -> str:
        """Where the person's browser is sent."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.callback,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"/oauth/authorize?{urlencode(query)}"

    def fill_in(self, key: str) -> str:
        """Go through both pages as a browser would; return the code."""
        response, page = request(self._host, "GET", self.path)
        cookie = (response.getheader("set-cookie") or "").partition(";")[0]
        headers = {"Content-Type": FORM, "Cookie": cookie, "Origin": self._url}
        fields: list[tuple[str, str]] = [("request", hidden(page, "request")), ("key", key)]
        response, page = self._send(fields, headers)
        assert response.status == 200, page
        fields = [("transaction", hidden(page, "transaction")), ("answer", "allow")]
        fields += [("scope", scope) for scope in ticked(page)]
        response, page = self._send(fields, headers)
        (code,) = parse_qs(urlsplit(response.getheader("location") or "").query)["code"]
        return code

    def redeem(self, code: str) -> LoggedIn:
        """Exchange the code for a token."""
        grant = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": code,
            "code_verifier": self._verifier,
            "redirect_uri": self.callback,
        }
        headers = {"Content-Type": FORM}
        _, tokens = request(self._host, "POST", "/oauth/token", urlencode(grant), headers)
        return LoggedIn(self._host, json.loads(tokens)["access_token"])

    def _send(
        self, fields: list[tuple[str, str]], headers: dict[str, str]
    ) -> tuple[HTTPResponse, str]:
        return request(self._host, "POST", "/oauth/authorize", urlencode(fields), headers)


def log_in(url: str, key: str) -> LoggedIn:
    """Log in with a key, without a browser; the scopes are those that the page proposes."""
    login = Login(url)
    return login.redeem(login.fill_in(key))


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
