"""A body put together while it arrives, inflated and bounded: a gzip bomb ends at the limit.

Hot. It holds one growing buffer, whose bytes are handed over without a copy (io.BytesIO), and it
inflates in pieces: parts in a list would be joined, and so held twice, and a whole bomb inflated at
once would stop every other call.
"""

import zlib
from io import BytesIO
from typing import Any, Final

from onecgw.backends.http.memory import Lease
from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say

PIECE_BYTES: Final = 256 * 1024  # inflated at a time, in less than a millisecond

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
        memory: where the body is counted; None = nowhere.

    Raises:
        OnecBadResponse: the encoding is none of gzip, deflate and identity.
    """

    def __init__(self, encoding: str, *, max_bytes: int, memory: Lease | None = None) -> None:
        self._coding = _coding_of(encoding) if encoding else ""
        self._inflate: Any = None  # zlib's own type has no public name
        self._max_bytes = max_bytes
        self._memory = memory
        self._size_bytes = 0
        self._begun = False
        self._packed = b""  # of the last chunk, not inflated yet
        self._buffer = BytesIO()

    def feed(self, chunk: bytes) -> bool:
        """Take the next chunk as it came from the wire, and keep one piece of it.

        Returns:
            Whether there is more of it to keep: `resume` has to be called.

        Raises:
            OnecBadResponse: the body is larger than max_bytes, or is not what it declares.
            MemorySpent: there is no memory for it.
        """
        if chunk and not self._begun:
            self._begun = True
            self._begin(chunk[0])
        if self._inflate is None:
            self._keep(chunk)
            return False
        self._packed = chunk
        return self.resume()

    def resume(self) -> bool:
        """Keep one more piece of the last chunk; as `feed`."""
        if self._inflate.eof:
            # One gzip member may follow another (RFC 1952, section 2.2); zeros are padding.
            self._packed = self._packed.lstrip(b"\0")
            if not self._packed:
                return False
            self._inflate = zlib.decompressobj(_WINDOW_BITS[self._coding])
        # One more than there is room for; never 0, which means "no limit".
        piece_bytes = min(self._max_bytes - self._size_bytes + 1, PIECE_BYTES)
        try:
            piece = self._inflate.decompress(self._packed, piece_bytes)
        except zlib.error as error:
            coding = self._coding.removeprefix("x-")
            raise OnecBadResponse(say("bad_response.coding", coding=coding)) from error
        self._packed = self._inflate.unconsumed_tail or self._inflate.unused_data
        self._keep(piece)
        # A whole piece may leave more in zlib, although nothing is left of the chunk.
        return bool(self._packed) or len(piece) == piece_bytes

    def finish(self) -> None:
        """Check, after the last chunk, that the body is complete.

        Raises:
            OnecBadResponse: the compressed stream does not end.
        """
        if self._inflate is not None and not self._inflate.eof:
            coding = self._coding.removeprefix("x-")
            raise OnecBadResponse(say("bad_response.coding_ends", coding=coding))

    def too_large(self) -> OnecBadResponse:
        """The error of a body that is larger than max_bytes."""
        return OnecBadResponse(say("bad_response.too_large", bytes=self._max_bytes))

    def kept(self) -> bytes:
        """The body, or, when a chunk was refused, its beginning: at most max_bytes."""
        return self._buffer.getvalue()

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

    def _keep(self, part: bytes) -> None:
        room = self._max_bytes - self._size_bytes
        self._size_bytes += len(part)
        kept = part if len(part) <= room else part[:room]
        if self._memory is not None:
            self._memory.grow(len(kept))
        self._buffer.write(kept)
        if len(part) > room:
            raise self.too_large()


def _coding_of(encoding: str) -> str:
    """The one coding that a Content-Encoding names; "" for none."""
    codings = {coding.strip() for coding in encoding.lower().split(",")} - _NO_CODING
    if len(codings) > 1 or not codings <= _WINDOW_BITS.keys() or encoding.count("gzip") > 1:
        raise OnecBadResponse(say("bad_response.encoding"))
    return next(iter(codings), "")
