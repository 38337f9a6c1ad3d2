"""Where a login may lead back to: the guard against a consent that hands access to a stranger."""

import re
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs

MAX_CHARACTERS: Final = 512

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
# Visible ASCII that may stand in a URI (RFC 3986), so no space, control or backslash.
_WRITABLE: Final = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")
_DANGEROUS_SCHEMES: Final = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"}
)
_DOTS: Final = re.compile(r"/(\.|%2e){1,2}(/|$|\?)", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class RedirectPolicy:
    """Which redirect URIs a client may have.

    allowed: besides KNOWN and the loopback. open_https: any https address, too.
    """

    allowed: frozenset[str]
    open_https: bool

    def judge(self, uri: str) -> Literal["allowed", "foreign", "dangerous"]:
        """What becomes of a redirect URI at registration: taken, dropped, or all is refused."""
        if _is_dangerous(uri):
            return "dangerous"
        if uri in KNOWN or uri in self.allowed or _CHATGPT_CONNECTOR.fullmatch(uri):
            return "allowed"
        if _LOOPBACK.fullmatch(uri) or (self.open_https and _HTTPS.fullmatch(uri)):
            return "allowed"
        return "foreign"


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
        and not _is_dangerous(asked)
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


def _is_dangerous(uri: str) -> bool:
    if len(uri) > MAX_CHARACTERS or not _WRITABLE.fullmatch(uri):
        return True
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return True
    return (
        not parts.scheme
        or parts.scheme in _DANGEROUS_SCHEMES
        or "@" in parts.netloc
        or port == 0
        or _DOTS.search(parts.path + "?") is not None
    )
