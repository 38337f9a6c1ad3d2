"""A body put together while it arrives, inflated and bounded: a gzip bomb ends at the limit."""

import zlib
from typing import Final

from onecgw.errors import OnecBadResponse

_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's name for "with a gzip header"


class Inflater:
    """Collects the chunks of one body.

    Args:
        encoding: the Content-Encoding, "" if there is none.
        max_bytes: how large the inflated body may be.

    Raises:
        OnecBadResponse: the encoding is neither gzip nor identity.
    """

    def __init__(self, encoding: str, *, max_bytes: int) -> None:
        encoding = encoding.strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise OnecBadResponse("1C's answer is in a Content-Encoding that was not offered")
        self._gzip = zlib.decompressobj(_GZIP) if encoding.endswith("gzip") else None
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._begun = False
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk as it came from the wire.

        Raises:
            OnecBadResponse: the body is larger than max_bytes, or is not gzip.
        """
        self._begun = self._begun or bool(chunk)
        while self._gzip is not None and chunk:
            if self._gzip.eof:  # one gzip member may follow another (RFC 1952, section 2.2)
                self._gzip = zlib.decompressobj(_GZIP)
            room = self._max_bytes - self._size_bytes + 1  # never 0, which means "no limit"
            try:
                self._keep(self._gzip.decompress(chunk, room))
            except zlib.error as error:
                raise OnecBadResponse("1C's answer is not the gzip that it declares") from error
            chunk = self._gzip.unconsumed_tail or self._gzip.unused_data
        if self._gzip is None:
            self._keep(chunk)

    def finish(self) -> None:
        """There are no more chunks.

        Raises:
            OnecBadResponse: the gzip stream does not end.
        """
        if self._gzip is not None and self._begun and not self._gzip.eof:
            raise OnecBadResponse("1C's answer is truncated: its gzip does not end")

    def kept(self) -> bytes:
        """The body, or, when a chunk was refused, its beginning: at most max_bytes."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _keep(self, part: bytes) -> None:
        room = self._max_bytes - self._size_bytes
        self._size_bytes += len(part)
        if part:
            self._parts.append(part[:room])
        if len(part) > room:
            raise OnecBadResponse(
                f"1C's answer is larger than {self._max_bytes} bytes; narrow the period or the"
                " filters, or ask for fewer rows"
            )
