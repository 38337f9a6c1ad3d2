"""Where a login may lead back to: the guard against a consent that hands access to a stranger."""

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
# RFC 8252, 7.3: any port; localhost, 127.0.0.1 and [::1] are three names, not one.
_LOOPBACK: Final = re.compile(
    r"(?P<host>http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(?P<rest>[/?].*)?"
)
_HTTPS: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?([/?].*)?")


@attrs.frozen(kw_only=True)
class RedirectPolicy:
    """Which redirect URIs a client may have.

    allowed: besides KNOWN and the loopback. open_https: any https address, too.
    """

    allowed: frozenset[str]
    open_https: bool

    def judge(self, uri: str) -> Literal["allowed", "foreign", "dangerous"]:
        """What becomes of a redirect URI at registration: taken, dropped, or all is refused."""
        if find_redirect_uri_flaw(uri) is not None:
            return "dangerous"
        if self.trusts(uri) or (self.open_https and _HTTPS.fullmatch(uri)):
            return "allowed"
        return "foreign"

    def trusts(self, uri: str) -> bool:
        """Whether a browser may be sent there before a person has agreed to anything.

        RFC 9700, 4.11.2: it SHOULD only be sent automatically to what is trusted, or else whoever
        registers a client has the gateway redirect to a page of theirs. open_https trusts nobody.
        """
        return (
            uri in KNOWN
            or uri in self.allowed
            or _CHATGPT_CONNECTOR.fullmatch(uri) is not None
            or is_loopback(uri)
        )


def is_same_redirect(registered: str, asked: str) -> bool:
    """Whether a request's redirect URI is one that was registered.

    RFC 9700, 4.1.3: exact string matching, except for the port of loopback addresses.
    """
    if registered == asked:
        return True
    mine, theirs = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(asked)
    return (
        mine is not None
        and theirs is not None
        and find_redirect_uri_flaw(asked) is None
        and mine["host"] == theirs["host"]
        and mine["rest"] == theirs["rest"]
    )


def shown_host(uri: str) -> str:
    """Who will receive the access, for the consent page: the host, or the scheme of an app."""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}://{parts.netloc}"


def is_loopback(uri: str) -> bool:
    """Whether it leads to the person's own machine."""
    return _LOOPBACK.fullmatch(uri) is not None
