"""What the texts of settings must look like: URLs, origins, hosts, tokens."""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from onecgw.settings.setting import Refused

TOKEN_LENGTH: Final = (16, 512)
"""Characters. 16 random ones (about 95 bits) cannot be guessed; 512 fit every proxy's headers."""

_NOT_IN_URLS: Final = re.compile(r'[\s\x00-\x20\x7f<>"{}|\\^`]')
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def base_url(text: str) -> str:
    """The URL in front of `/mcp/...`, without a trailing slash."""
    accepted = "an http:// or https:// URL such as https://1c.example.org/trade/hs is expected"
    parts = _split(text, accepted)
    if parts.scheme not in _DEFAULT_PORTS:
        raise Refused(accepted)
    if "@" in parts.netloc:
        raise Refused("no user and password here: set onec.auth.username and onec.auth.password")
    if "?" in text or "#" in text:
        raise Refused("no query and no fragment: " + accepted)
    url = text.rstrip("/")
    if url.lower().endswith("/mcp"):
        raise Refused(f"the gateway adds /mcp itself: write {url[: -len('/mcp')]}")
    return url


def public_url(text: str) -> str:
    """The gateway's own origin: https, or http on the loopback."""
    accepted = (
        "an origin without path or trailing slash such as https://mcp.example.org is expected"
    )
    parts = _split(text, accepted)
    if parts.scheme not in _DEFAULT_PORTS:
        raise Refused(accepted)
    normal = _origin(parts, accepted)
    # OAuth 2.1, 1.5: tokens travel over TLS; RFC 8252, 7.3 excepts the loopback.
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise Refused("https:// is expected; http:// only for localhost, 127.0.0.1 and [::1]")
    return normal


def origin(text: str) -> str:
    """A browser origin as the Origin header spells it."""
    accepted = (
        "an origin without path or trailing slash such as https://app.example.org is expected"
    )
    return _origin(_split(text, accepted), accepted)


def host(text: str) -> str:
    """A host name or an address to listen on."""
    if not _is_host(text):
        raise Refused("a host name or an IP address is expected")
    return text


def host_header(text: str) -> str:
    """A value of the Host header: a host, with a port where it is not the default one."""
    accepted = "a host as the Host header has it is expected: mcp.example.org or [::1]:8088"
    parts = _split(f"http://{text}", accepted)
    if parts.netloc != text or "@" in text:
        raise Refused(accepted)
    return text.lower()


def header_name(text: str) -> str:
    """The name of an HTTP header."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", text):  # RFC 9110, 5.6.2
        raise Refused("the name of an HTTP header such as X-Tenant is expected")
    return text


def header_text(text: str) -> str:
    """A text that may stand in an HTTP header."""
    if not re.fullmatch(r"[\x20-\x7e]{1,500}", text) or text != text.strip():
        raise Refused("up to 500 ASCII characters are expected, no spaces around them")
    return text


def user_name(text: str) -> str:
    """A login for Basic authentication; Cyrillic is normal in 1C."""
    if ":" in text:  # RFC 7617, 2: a colon would end the login
        raise Refused("a login without ':' is expected")
    return text


def bearer_token(text: str) -> str:
    """A token of our own callers: long enough not to be guessed, and fit for a header."""
    shortest, longest = TOKEN_LENGTH
    if not re.fullmatch(rf"[\x21-\x7e]{{{shortest},{longest}}}", text):
        raise Refused(f"{shortest} to {longest} ASCII characters without spaces are expected")
    return text


def foreign_token(text: str) -> str:
    """A token that another system issued; only what a header can carry is asked of it."""
    if not re.fullmatch(r"[\x21-\x7e]{1,8192}", text):
        raise Refused("ASCII characters without spaces are expected")
    return text


def is_loopback(host_text: str) -> bool:
    """Whether a host can only be reached from the same machine."""
    try:
        return ipaddress.ip_address(host_text).is_loopback
    except ValueError:
        return host_text == "localhost"


def _split(text: str, accepted: str) -> SplitResult:
    # urlsplit drops tabs and line ends silently, and its own messages quote the URL.
    if _NOT_IN_URLS.search(text):
        raise Refused(accepted)
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise Refused(accepted) from None
    if not parts.netloc.isascii():
        raise Refused("an internationalised host is written in its xn-- form")
    if not (has_port and _is_host(parts.hostname or "")):
        raise Refused(accepted)
    return parts


def _is_host(text: str) -> bool:
    if ":" in text or re.fullmatch(r"[\d.]+", text):
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return False
        return True
    return re.fullmatch(r"[A-Za-z0-9._-]{1,253}", text) is not None


def _origin(parts: SplitResult, accepted: str) -> str:
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise Refused(accepted)
    # Browsers leave the default port out and write the rest in lower case (RFC 6454, 6.2).
    default = f":{_DEFAULT_PORTS.get(parts.scheme, '')}"
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default)}"
