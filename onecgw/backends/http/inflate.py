"""A body put together while it arrives, inflated and bounded: a gzip bomb ends at the limit."""

import zlib
from typing import Any, Final

from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say

# zlib's own number for "with a gzip header" is 16 more.
_WINDOW_BITS: Final = {
    "gzip": 16 + zlib.MAX_WBITS,
    "x-gzip": 16 + zlib.MAX_WBITS,
    "deflate": zlib.MAX_WBITS,
}
# Some services write the charset into Content-Encoding.
_NO_CODING: Final = frozenset({"", "identity", "utf-8", "utf8", "windows-1251"})
_GZIP_BEGINS: Final = 0x1F
_TEXT_BEGINS: Final = frozenset(b'{[<" \t\r\n\xef')


class Inflater:
    """Collects the chunks of one body.

    Args:
        encoding: the Content-Encoding, "" if there is none.
        max_bytes: how large the inflated body may be.

    Raises:
        OnecBadResponse: the encoding is none of gzip, deflate and identity.
    """

    def __init__(self, encoding: str, *, max_bytes: int) -> None:
        codings = {coding.strip() for coding in encoding.lower().split(",")} - _NO_CODING
        if len(codings) > 1 or not codings <= _WINDOW_BITS.keys() or encoding.count("gzip") > 1:
            raise OnecBadResponse(say("bad_response.encoding"))
        self._coding = next(iter(codings), "")
        self._inflate: Any = None  # zlib's own type has no public name
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._begun = False
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk as it came from the wire.

        Raises:
            OnecBadResponse: the body is larger than max_bytes, or is not what it declares.
        """
        if chunk and not self._begun:
            self._begun = True
            self._begin(chunk[0])
        while self._inflate is not None and chunk:
            if self._inflate.eof:
                # One gzip member may follow another (RFC 1952, section 2.2); zeros are padding.
                chunk = chunk.lstrip(b"\0")
                if not chunk:
                    return
                self._inflate = zlib.decompressobj(_WINDOW_BITS[self._coding])
            room = self._max_bytes - self._size_bytes + 1  # never 0, which means "no limit"
            try:
                self._keep(self._inflate.decompress(chunk, room))
            except zlib.error as error:
                coding = self._coding.removeprefix("x-")
                raise OnecBadResponse(say("bad_response.coding", coding=coding)) from error
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data
        if self._inflate is None:
            self._keep(chunk)

    def finish(self) -> None:
        """Check, after the last chunk, that the body is complete.

        Raises:
            OnecBadResponse: the compressed stream does not end.
        """
        if self._inflate is not None and not self._inflate.eof:
            coding = self._coding.removeprefix("x-")
            raise OnecBadResponse(say("bad_response.coding_ends", coding=coding))

    def _begin(self, first: int) -> None:
        """Choose the coding by the first byte, which is more reliable than the header.

        Proxies decompress a body but keep its header; services compress one without a header. No
        text begins like gzip, and no compressed body begins like JSON or a page.
        """
        if first == _GZIP_BEGINS:
            self._coding = self._coding or "gzip"
        elif first in _TEXT_BEGINS:
            self._coding = ""
        if not self._coding:
            return
        window_bits = _WINDOW_BITS[self._coding]
        if self._coding == "deflate" and first & 0x0F != zlib.DEFLATED:
            window_bits = -zlib.MAX_WBITS  # RFC 9110, 8.4.1.2: some send it without the zlib header
        self._inflate = zlib.decompressobj(window_bits)

    def kept(self) -> bytes:
        """The body, or, when a chunk was refused, its beginning: at most max_bytes."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _keep(self, part: bytes) -> None:
        room = self._max_bytes - self._size_bytes
        self._size_bytes += len(part)
        if part:
            self._parts.append(part[:room])
        if len(part) > room:
            raise OnecBadResponse(say("bad_response.too_large", bytes=self._max_bytes))
