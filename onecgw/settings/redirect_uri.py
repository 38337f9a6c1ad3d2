"""The format of redirect URIs, from the operator, from a client or from its metadata."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

MAX_CHARACTERS: Final = 512
MAX_REDIRECT_URIS: Final = 10
"""Per client."""

# The characters of a URI (RFC 3986, 2), so no space, control or backslash; without `#`, because
# RFC 6749, 3.1.2 forbids a fragment.
_WRITABLE: Final = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")
# Of the authorization response (RFC 6749, 4.1.2; RFC 9207): the client could read the wrong ones.
RESPONSE_PARAMETERS: Final = frozenset({"code", "state", "iss", "error"})
_DANGEROUS_SCHEMES: Final = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"}
)
_DOTS: Final = re.compile(r"/(\.|%2e){1,2}(/|$|\?)", re.IGNORECASE)


def find_redirect_uri_flaw(uri: str) -> str | None:
    """Return what is expected in place of an invalid redirect URI, as a noun phrase; None if valid.

    Nothing is normalised: redirect URIs are compared byte by byte (RFC 9700, 4.1.3), so `%2F` and
    `%2f` differ.
    """
    if len(uri) > MAX_CHARACTERS:
        return f"a redirect URI of at most {MAX_CHARACTERS} characters"
    if not uri.isascii():
        # RFC 3986 allows only ASCII; browsers differ in how they map an IRI to a URI.
        return (
            "a redirect URI in ASCII, the host in punycode (xn--...) and other signs"
            " percent-encoded,"
        )
    if not _WRITABLE.fullmatch(uri):
        return "a redirect URI without spaces, fragment, quotes and backslashes"
    return _find_flaw_of_parts(uri)


def _find_flaw_of_parts(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "a redirect URI with a readable host and port"
    flaws = (
        (
            not parts.scheme or parts.scheme in _DANGEROUS_SCHEMES,
            "with https://, or the scheme of an application,",
        ),
        (parts.scheme in ("http", "https") and not parts.hostname, "with a host"),
        ("@" in parts.netloc, "without user and password"),
        (port == 0, "with a port from 1 to 65535"),
        (
            not RESPONSE_PARAMETERS.isdisjoint(dict(parse_qsl(parts.query, True))),
            "without code, state, iss and error in its query",
        ),
        (_DOTS.search(parts.path + "?") is not None, "without . and .. in its path"),
    )
    return next((f"a redirect URI {wanted}" for is_flawed, wanted in flaws if is_flawed), None)
