"""The parser of one HTTP/1.1 answer: llhttp (httptools) with what an answer needs.

Hot: every call to 1C goes through it. It must not make objects per header or per chunk beyond what
llhttp hands over. A parser lives for one answer, so that nothing of an answer can reach the next
one.
"""

from typing import Final

import httptools

_SWITCHING_PROTOCOLS: Final = 101
_FIRST_FINAL_STATUS: Final = 200


class ResponseParser:
    """The callbacks of llhttp for one answer."""

    __slots__ = (
        "_length",
        "_parser",
        "headers",
        "is_complete",
        "is_reusable",
        "on_body",
        "pieces",
        "status",
    )

    def __init__(self) -> None:
        self.status = 0  # 0 = the final head is not complete
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []  # of the body, those that were not taken yet
        self.on_body = self.pieces.append
        self.is_complete = False
        self.is_reusable = False
        self._length = 0  # of the pieces when the answer was complete
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> Exception | None:
        """Parse the next bytes; what is wrong with them, before the answer is complete."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.is_reusable = False
            return None if self.is_complete else error
        return None

    def take_body(self) -> bytes:
        """What came of the body since the last time."""
        pieces = self.pieces
        if self.is_complete:  # what follows is of another answer
            del pieces[self._length :]
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return data

    def close(self) -> None:
        """Let go of llhttp, which refers to this object: the two are no cyclic garbage then."""
        del self._parser

    def on_message_begin(self) -> None:
        """Called by llhttp: another answer begins."""
        # Another answer behind this one would be taken for the answer to the next request.
        self.is_reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by llhttp with each header."""
        if not self.status:  # others are trailers
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Called by llhttp after the head, also that of an interim answer."""
        if self.status:
            return
        status = self._parser.get_status_code()
        if status >= _FIRST_FINAL_STATUS or status == _SWITCHING_PROTOCOLS:
            self.status = status
        else:
            self.headers.clear()  # an interim answer

    def on_message_complete(self) -> None:
        """Called by llhttp after the body."""
        if self.status and not self.is_complete:
            self.is_complete = True
            self._length = len(self.pieces)
            self.is_reusable = (
                self.status != _SWITCHING_PROTOCOLS and self._parser.should_keep_alive()
            )

    @property
    def ends_with_connection(self) -> bool:
        """Whether the end of the connection completes the answer (RFC 9112, 6.3)."""
        return bool(self.status) and not any(
            name.lower() == b"content-length"
            or (name.lower() == b"transfer-encoding" and value.lower().endswith(b"chunked"))
            for name, value in self.headers
        )
