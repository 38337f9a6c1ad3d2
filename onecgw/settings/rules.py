"""The formats of the texts of settings: URLs, origins, hosts, tokens."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onecgw.settings.declaration import Duration, InvalidValue, Rule
from onecgw.settings.redirect_uri import MAX_REDIRECT_URIS, find_redirect_uri_flaw

_NOT_IN_URLS: Final = re.compile(r'[\s\x00-\x20\x7f<>"{}|\\^`]')
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def _base_url(text: str) -> str | None:
    parts = _split_http(text)
    if parts is None:
        return None
    if "@" in parts.netloc:
        raise InvalidValue(
            "no user and password here: set onec.auth.username and onec.auth.password"
        )
    if "?" in text or "#" in text:
        raise InvalidValue("a URL without query and fragment is expected")
    url = text.rstrip("/")
    if url.lower().endswith("/mcp"):
        raise InvalidValue(f"the gateway adds /mcp itself: write {url[: -len('/mcp')]}")
    return url


def _collector(text: str) -> str | None:
    parts = _split_http(text)
    return text if parts and "@" not in parts.netloc else None


def _proxy_url(text: str) -> str | None:
    parts = _split_http(text)
    if parts is None or parts.path.strip("/") or "?" in text or "#" in text:
        return None
    return text


def _public_url(text: str) -> str | None:
    # OAuth 2.1, 1.5: tokens travel over TLS; RFC 8252, 7.3 excepts the loopback.
    return _require_tls(_origin(text)) if _split_http(text) else None


def _origin(text: str) -> str | None:
    parts = _split(text)
    if parts is None or parts.path or "?" in text or "#" in text or "@" in text:
        return None
    # Browsers leave the default port out and write the rest in lower case (RFC 6454, 6.2).
    default = f":{_DEFAULT_PORTS.get(parts.scheme, '')}"
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default)}"


def _host_header(text: str) -> str | None:
    parts = _split(f"http://{text}")
    return text.lower() if parts and parts.netloc == text and "@" not in text else None


def _host(text: str) -> str | None:
    if ":" in text or re.fullmatch(r"[\d.]+", text):
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return None
        return text
    return text if re.fullmatch(r"[A-Za-z0-9._-]{1,253}", text) else None


def _require_tls(url: str | None) -> str | None:
    """Return a URL; http:// is accepted only where it does not leave this computer."""
    if url and url.startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
        raise InvalidValue("https:// (http:// only on localhost, 127.0.0.1 or [::1]) is expected")
    return url


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches a host, to listen on or to call."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_file(path: Path) -> bool:
    """Whether a path is that of a file; False if this process may not look."""
    try:
        return path.is_file()
    except OSError:  # a name too long, or no permission on a folder
        return False


def _file(text: str) -> str | None:
    return text if is_file(Path(text)) else None


def _matching(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern)
    return lambda text: text if compiled.fullmatch(text) else None


def duration(shortest: str, longest: str) -> Rule:
    """Make the rule of a length of time between two bounds, as `duration("30s", "10m")`."""

    def normal(text: str) -> str | None:
        if not re.fullmatch(r"[1-9][0-9]{0,7}[smhd]", text):
            return None
        seconds = Duration(text).seconds
        return text if Duration(shortest).seconds <= seconds <= Duration(longest).seconds else None

    return Rule(f"a duration such as {longest}, at least {shortest}, at most {longest}", normal)


def _resource(text: str) -> str | None:
    parts = _split_http(text)
    # RFC 8707, 2: an absolute URI without a fragment.
    if parts is None or "#" in text or "@" in parts.netloc:
        return None
    if not text.isascii():
        raise InvalidValue("a URL in ASCII, other signs percent-encoded, is expected")
    return text


def _network(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        return None


def _redirect_uri(text: str) -> str | None:
    if not re.match(r"[a-z][a-z0-9+.-]*://", text):
        return None
    if flaw := find_redirect_uri_flaw(text):
        raise InvalidValue(f"{flaw} is expected")
    # RFC 9700, 2.6: authorization servers MUST NOT allow http, except for the loopback.
    return _require_tls(text)


def _client(text: str) -> str | None:
    client_id, *uris = text.split(" ")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", client_id):
        return None
    if not 1 <= len(uris) <= MAX_REDIRECT_URIS:
        return None
    return text if all(map(_redirect_uri, uris)) else None


def _timezone(text: str) -> str | None:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not known; no name; a folder
        return None


def _split(text: str) -> SplitResult | None:
    # urlsplit removes tabs and line ends silently, and its messages quote the URL.
    if _NOT_IN_URLS.search(text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if not parts.netloc.isascii():
        raise InvalidValue("a host in ASCII, xn-- where it has other letters, is expected")
    return parts if port != 0 and _host(parts.hostname or "") else None


def _split_http(text: str) -> SplitResult | None:
    parts = _split(text)
    return parts if parts and parts.scheme in _DEFAULT_PORTS else None


BASE_URL: Final = Rule("a URL such as https://1c.example.org/trade/hs", _base_url)
PROXY_URL: Final = Rule("a URL such as http://proxy.example.org:3128", _proxy_url)
PUBLIC_URL: Final = Rule(
    "an origin without path or trailing slash such as https://mcp.example.org", _public_url
)
COLLECTOR: Final = Rule("a URL such as http://127.0.0.1:4318/v1/traces", _collector)
ORIGIN: Final = Rule(
    "an origin without path or trailing slash such as https://app.example.org", _origin
)
HOST: Final = Rule("a host name or an IP address", _host)
HOST_HEADER: Final = Rule("a host with its port if any, as mcp.example.org:8088", _host_header)
HEADER_NAME: Final = Rule(  # RFC 9110, 5.6.2
    "the name of an HTTP header such as X-Tenant", _matching(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
)
TIMEZONE: Final = Rule(
    "the name of a time zone, such as Europe/Kyiv, that this system knows", _timezone
)
HEADER_TEXT: Final = Rule(
    "a text of up to 500 ASCII characters",
    _matching(r"[\x21-\x7e]([\x20-\x7e]{0,498}[\x21-\x7e])?"),
)
USER_NAME: Final = Rule(  # RFC 7617, 2: the user-id ends at the first colon
    "a login without a colon", _matching(r"[^:]+")
)
FILE: Final = Rule("the path of a file that exists", _file)
# 16 random characters (about 95 bits) cannot be guessed; 512 fit any proxy's header limit.
BEARER_TOKEN: Final = Rule(
    "a text of 16 to 512 ASCII characters without spaces", _matching(r"[\x21-\x7e]{16,512}")
)
FOREIGN_TOKEN: Final = Rule(  # issued by another system: a header must be able to carry it
    "a text of ASCII characters without spaces", _matching(r"[\x21-\x7e]{1,8192}")
)
RESOURCE: Final = Rule("a URL such as https://mcp.example.org/mcp", _resource)
NETWORK: Final = Rule("an address or a network such as 10.0.0.0/8", _network)
REDIRECT_URI: Final = Rule("a redirect URI such as https://app.example.org/callback", _redirect_uri)
CLIENT: Final = Rule("a client id and its redirect URIs, separated by spaces", _client)
FOLDER_FILE: Final = Rule("the path of a file, which is created when it is not there", lambda t: t)
