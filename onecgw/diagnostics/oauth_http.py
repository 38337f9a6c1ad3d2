"""The HTTP client of `onecgw check --oauth`: an unexpected response becomes advice."""

import html
import http.client
import json
import re
import socket
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from onecgw.diagnostics.step import CheckFailed

TIMEOUT_SECONDS: Final = 30
MAX_BODY_BYTES: Final = 1024 * 1024
QUOTED_CHARACTERS: Final = 300
NOT_OURS: Final = "something else than the gateway answers here; look at the reverse proxy"

_BY_STATUS: Final = {
    404: "the proxy must pass every path on as it is, without a prefix added or cut; and"
    " mcp.enabled must be true",
    405: "the proxy must pass every method and path on as they are",
    413: "the proxy must let bodies of limits.max_request_bytes pass",
    421: "the proxy must send the public Host (nginx: proxy_set_header Host $host;);"
    " other names go into server.allowed_hosts",
    502: "the proxy does not reach the gateway: does it run, at the address that the proxy has?",
    504: "the proxy does not wait for the gateway: raise its timeout (nginx: proxy_read_timeout)",
}
_BY_CODE: Final = {
    "storage_unavailable": "the database cannot be used: look at the disk, and at the rights of"
    " the gateway's user on database.path and its folder",
    "onec_": "1C does not answer; see `onecgw check`",
    "forbidden_origin": "set oauth.public_url to the address that clients use, byte for byte",
}
# X.509 verification codes. Source: openssl-verification-options(1).
_BY_CERTIFICATE: Final = {
    9: "set this machine's clock; if it is right, the certificate is not valid yet",
    10: "renew the certificate; if it is not old, set this machine's clock",
    18: "a self-signed certificate; to trust it: SSL_CERT_FILE=/path/ca.pem",
    19: "for a private CA: SSL_CERT_FILE=/path/ca.pem onecgw check --oauth",
    20: "give the proxy the whole chain; for a private CA: SSL_CERT_FILE=/path/ca.pem",
    21: "give the proxy the whole chain; for a private CA: SSL_CERT_FILE=/path/ca.pem",
    62: "the certificate must name the host of oauth.public_url",
    64: "the certificate must name the address of oauth.public_url",
}


@attrs.frozen(kw_only=True)
class HttpAnswer:
    """An HTTP response.

    headers: by their names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: str

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            CheckFailed: the body is not a JSON object.
        """
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise CheckFailed(f"status {self.status}, and no JSON object", NOT_OURS)
        return value

    def expect(self, status: int) -> None:
        """Require a status.

        Raises:
            CheckFailed: the status is another one.
        """
        if self.status != status:
            detail = f"status {self.status}, {status} is expected: {self._visible_text()}"
            raise CheckFailed(detail.rstrip(": "), self._advice())

    def _visible_text(self) -> str:
        """Return the text of an HTML page, its alert if it has one, or a JSON error."""
        alert = re.search(r'role="alert">(.*?)</', self.body, re.DOTALL)
        details = re.search(r"<code>(.*?)</code>", self.body, re.DOTALL)
        found = [part[1] for part in (alert, details) if part is not None]
        text = " ".join(found) or re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", self.body)
        return " ".join(html.unescape(text).split())[:QUOTED_CHARACTERS]

    def _advice(self) -> str:
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = self.headers.get("retry-after", "60")
            return (
                f"wait {wait} s; behind a proxy set server.trusted_proxies, or all clients count as"
                " one; the limits are oauth.rate_limit.*"
            )
        if target := self.headers.get("location"):
            target = target[:QUOTED_CHARACTERS]
            return f"it redirects to {target}: set oauth.public_url to the end of it"
        for code, advice in _BY_CODE.items():
            if code in self.body:
                return advice
        if self.status in _BY_STATUS:
            return _BY_STATUS[self.status]
        if (request_id := self.headers.get("x-request-id")) is not None:
            return f"the log of the gateway says why, by request_id {request_id}"
        return NOT_OURS


def send_request(
    method: str, url: str, *, body: str = "", headers: Mapping[str, str] | None = None
) -> HttpAnswer:
    """Send one request on a new connection; redirects are not followed.

    Raises:
        CheckFailed: there is no response.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    # The default context of HTTPSConnection checks the certificate, and reads SSL_CERT_FILE.
    is_https = parts.scheme == "https"
    connect = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
    connection = connect(host, parts.port, timeout=TIMEOUT_SECONDS)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    try:
        connection.request(method, target, body.encode(), dict(headers or {}))
        response = connection.getresponse()
        text = response.read(MAX_BODY_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        detail = f"{parts.scheme}://{parts.netloc} does not answer: {error}"
        raise CheckFailed(detail, _advice_of_network(error)) from error
    finally:
        connection.close()
    names = {name.lower(): value for name, value in response.getheaders()}
    return HttpAnswer(status=response.status, headers=names, body=text)


def _advice_of_network(error: OSError | http.client.HTTPException) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return _BY_CERTIFICATE.get(error.verify_code, "look at the certificate of the proxy")
        case ssl.SSLError():
            return "no TLS at that port: what listens there, and is oauth.public_url's port right?"
        case socket.gaierror():
            return "the name has no address here: look at oauth.public_url, DNS and /etc/hosts"
        case TimeoutError():
            return "let the firewall pass, or look at what listens there"
    return "does the gateway run, and does its address lead to it from here?"
