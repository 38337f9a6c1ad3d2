"""Makes HTTP/1.1 requests of bytes: llhttp parses, and what it leaves open is checked here.

Runs for every request: its callbacks must stay short. llhttp is strict by default; what it accepts
and must not be accepted is refused here, because two readers of a request that disagree about its
end make request smuggling possible.
"""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import httptools

from onecgw.serving.header_limits import find_rejection
from onecgw.serving.http1_request import Header, Http1Request

_HOST: Final = b"host"
_LENGTH: Final = b"content-length"
_CODING: Final = b"transfer-encoding"
_EXPECT: Final = b"expect"
_SINGLE: Final = frozenset({_HOST, _LENGTH, _CODING, _EXPECT})
# llhttp says of an unknown version only this, in words.
_VERSION_ERRORS: Final = frozenset({"Invalid HTTP version", "Pause on PRI/Upgrade"})


@attrs.define(kw_only=True)
class ReadCount:
    """What one read has brought. part_bytes: of bodies, in so many parts."""

    heads: int = 0
    parts: int = 0
    part_bytes: int = 0


class Http1Parser:
    """The parser of one connection; it ends with the first error, and with the last request.

    Args:
        begin: called with the head, the headers, the bytes of the body (infinite: chunks), whether
            the client waits for `100 Continue`, and whether it keeps the connection open.
    """

    def __init__(
        self,
        begin: Callable[[tuple[str, bytes, str], list[Header], float, bool, bool], Http1Request],
    ) -> None:
        self._begin = begin
        self._llhttp: Any = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[Header] = []
        self._single: dict[bytes, bytes] = {}
        self._has_repeated = False
        self._is_in_head = False
        self._is_in_replay = False
        self._rejection: HTTPStatus | None = None
        self.receiving: Http1Request | None = None  # the one whose body is being received
        self.is_over = False  # nothing that the client sends is looked at any more
        self.count = ReadCount()

    def feed(self, data: bytes) -> HTTPStatus | None:
        """Parse what was read; return the status of what has to be refused, if there is such."""
        self.count = ReadCount()
        try:
            while data and not self.is_over:
                try:
                    self._llhttp.feed_data(data)
                    break
                except httptools.HttpParserUpgrade as upgrade:
                    data = data[upgrade.args[0] :]
                    self._ignore_upgrade()
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except httptools.HttpParserError as error:
            if not self.is_over:
                is_version = str(error) in _VERSION_ERRORS
                version, other = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, HTTPStatus.BAD_REQUEST
                self._rejection = version if is_version else other
        return self._rejection

    def _ignore_upgrade(self) -> None:
        """Let the body follow: after a head with `Upgrade` the parser takes it for other data."""
        if self.receiving is None:
            return
        self._llhttp = httptools.HttpRequestParser(self)
        self._is_in_replay = True
        framing = next(item for item in self._single.items() if item[0] in (_LENGTH, _CODING))
        self._llhttp.feed_data(b"POST / HTTP/1.1\r\n%b: %b\r\n\r\n" % framing)
        self._is_in_replay = False

    # Called by llhttp.

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._is_in_replay:
            return
        self._target, self._headers, self._single = b"", [], {}
        self._has_repeated = False
        self._is_in_head = True

    def on_url(self, part: bytes) -> None:
        """Add to the target of the request."""
        if not self._is_in_replay:
            self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field. Trailers are dropped."""
        if not self._is_in_head:
            return
        name, value = name.lower(), value.rstrip(b" \t")
        if name in _SINGLE:
            self._has_repeated |= name in self._single
            self._single[name] = value
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Accept the request, or refuse it."""
        self._is_in_head = False
        if self._is_in_replay:
            return
        self.count.heads += 1
        if self.is_over:
            return
        method, version = self._llhttp.get_method(), self._llhttp.get_http_version()
        target, headers = self._target, self._headers
        if not target.startswith(b"/"):
            target, headers = _origin_form(target, headers)
        self._rejection = self._find_rejection(method, target, version, headers)
        if self._rejection is not None:
            self.is_over = True
            return
        is_current = version == "1.1"
        self.receiving = self._begin(
            (method.decode("ascii"), target, version),
            headers,
            math.inf if _CODING in self._single else int(self._single.get(_LENGTH, 0)),
            is_current and self._single.get(_EXPECT, b"").lower() == b"100-continue",
            is_current and self._llhttp.should_keep_alive(),
        )

    def on_body(self, part: bytes) -> None:
        """Add a part of the body."""
        self.count.parts += 1
        self.count.part_bytes += len(part)
        if self.receiving is not None:
            self.receiving.add_part(part)

    def on_message_complete(self) -> None:
        """End the request. RFC 9112, 9.6: bytes after `Connection: close` are ignored."""
        request = self.receiving
        if request is not None and not (self._llhttp.should_upgrade() and request.unread_bytes):
            self.receiving = None
            request.is_complete = True
            self.is_over |= not request.keeps_open

    def _find_rejection(
        self, method: bytes, target: bytes, version: str, headers: list[Header]
    ) -> HTTPStatus | None:
        if version not in ("1.0", "1.1"):
            return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        coding = self._single.get(_CODING)
        # RFC 9112, 3.2: exactly one Host. RFC 9112, 6.1: HTTP/1.0 has no chunks, and with a length
        # beside them two readers may disagree about the end of the request.
        if self._has_repeated or (version == "1.1" and _HOST not in self._single):
            return HTTPStatus.BAD_REQUEST
        if coding is not None:
            if version == "1.0" or _LENGTH in self._single:
                return HTTPStatus.BAD_REQUEST
            if coding.lower() != b"chunked":
                return HTTPStatus.NOT_IMPLEMENTED
        return find_rejection(method, target, headers)


def _origin_form(target: bytes, headers: list[Header]) -> tuple[bytes, list[Header]]:
    """Return target and headers in origin form; the target may be a whole URL.

    Source: RFC 9112, 3.2.2: a server must accept a whole URL, and takes the host from it.
    """
    if not target.isascii():
        return target, headers
    try:
        url = urlsplit(target)
    except ValueError:
        return target, headers
    if url.scheme not in (b"http", b"https") or not url.netloc:
        return target, headers
    path = url.path or b"/"
    others = [(name, value) for name, value in headers if name != _HOST]
    return path + (b"?" + url.query if url.query else b""), [(_HOST, url.netloc), *others]
