"""The redirect URIs that clients may have: the guard against consent phishing."""

import re
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs

from onecgw.settings.redirect_uri import find_redirect_uri_flaw

KNOWN: Final = frozenset(
    {
        "https://claude.ai/api/mcp/auth_callback",
        "https://claude.com/api/mcp/auth_callback",
        "https://chatgpt.com/connector_platform_oauth_redirect",
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "cursor://anysphere.cursor-mcp/oauth/callback",
    }
)
_CHATGPT_CONNECTOR: Final = re.compile(
    r"https://chatgpt\.com/connector/oauth/[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)?"
)
# RFC 8252, 7.3: any port. localhost, 127.0.0.1 and [::1] are three different hosts.
_LOOPBACK: Final = re.compile(
    r"(?P<host>http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(?P<rest>[/?].*)?"
)
_HTTPS: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?([/?].*)?")


@attrs.frozen(kw_only=True)
class RedirectPolicy:
    """Which redirect URIs a client may have.

    allowed: in addition to KNOWN and loopback URIs. open_https: whether any https URI is allowed.
    """

    allowed: frozenset[str]
    open_https: bool

    def classify(self, uri: str) -> Literal["allowed", "foreign", "dangerous"]:
        """What a registration does with a URI: accepts it, drops it, or fails because of it."""
        if find_redirect_uri_flaw(uri) is not None:
            return "dangerous"
        if self.trusts(uri) or (self.open_https and _HTTPS.fullmatch(uri)):
            return "allowed"
        return "foreign"

    def trusts(self, uri: str) -> bool:
        """Whether the browser may be redirected there before the person has consented.

        RFC 9700, 4.11.2: automatic redirects SHOULD only go to trusted URIs; otherwise anyone who
        registers a client makes the gateway an open redirector. open_https makes no URI trusted.
        """
        return (
            uri in KNOWN
            or uri in self.allowed
            or _CHATGPT_CONNECTOR.fullmatch(uri) is not None
            or is_loopback(uri)
        )


def is_same_redirect(registered: str, requested: str) -> bool:
    """Whether a request's redirect URI matches a registered one.

    RFC 9700, 4.1.3: exact string matching, except for the port of loopback addresses.
    """
    if registered == requested:
        return True
    mine, theirs = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(requested)
    return (
        mine is not None
        and theirs is not None
        and find_redirect_uri_flaw(requested) is None
        and mine["host"] == theirs["host"]
        and mine["rest"] == theirs["rest"]
    )


def shown_host(uri: str) -> str:
    """The receiver of the access as the consent page shows it: a host, or an app's own scheme."""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}://{parts.netloc}"


def is_loopback(uri: str) -> bool:
    """Whether a URI leads to the person's own machine."""
    return _LOOPBACK.fullmatch(uri) is not None
