"""The body of a 200: a well-formed JSON object, compact, in UTF-8, its digits and texts untouched.

Nothing here turns a number into a binary float or a text into other characters: whitespace between
tokens is all that goes.
"""

import codecs
import re
from typing import Final

import msgspec

from onecgw.backends.errors.error_text import charset_of
from onecgw.errors import OnecBadResponse

NESTING_LEVELS: Final = 64  # a report has 4; parsers of the callers end somewhere above 100

_UTF8: Final = frozenset({"", "utf-8", "utf8", "us-ascii"})
_CP1251: Final = frozenset({"windows-1251", "cp1251"})
_ALL_BUT_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in b'[]{}"')
# With the escapes: a backslash and all that may follow it, so that none loses its partner.
_ALL_BUT_ESCAPES: Final = bytes(byte for byte in _ALL_BUT_STRUCTURE if byte not in b"\\/bfnrtu")
_BRACES_AS_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_STRING: Final = re.compile(rb'"[^"]*"')


def read_object(body: bytes, content_type: str) -> bytes:
    """The JSON object in the body of a 200, without whitespace between its tokens.

    Raises:
        OnecBadResponse: with what is wrong, and never with a part of the body.
    """
    body = _in_utf8(body, content_type)
    if not body:
        raise OnecBadResponse("1C's answer is empty")
    if body[:1] == b"<":
        raise OnecBadResponse("1C answered with a page instead of JSON")
    if nests_deeper(body, NESTING_LEVELS):
        raise OnecBadResponse(f"1C's answer nests deeper than {NESTING_LEVELS} levels")
    try:
        # Checks the whole grammar of RFC 8259 but the UTF-8 of strings, and copies each token as
        # it stands: it parses no number.
        compact = msgspec.json.format(body, indent=-1)
    except (msgspec.DecodeError, RecursionError) as error:
        raise OnecBadResponse(_what_is_wrong(str(error))) from error
    if compact[:1] != b"{":
        raise OnecBadResponse("1C's answer is JSON but not an object")
    return compact


def nests_deeper(body: bytes, levels: int) -> bool:
    """Whether arrays and objects stand in each other more than so many levels deep.

    Of malformed JSON it says either; it is linear for every input, and fast: only C loops.
    """
    if b"\\" in body:
        body = body.translate(None, _ALL_BUT_ESCAPES)
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(_BRACES_AS_BRACKETS, _ALL_BUT_STRUCTURE).replace(b'""', b"")
    if b'"' in marks:
        marks = _STRING.sub(b"", marks)
    if marks.count(b"[") <= levels:
        return False
    for _ in range(levels):  # each round takes the innermost level away
        marks = marks.replace(b"[]", b"")
    return b"[]" in marks


def _in_utf8(body: bytes, content_type: str) -> bytes:
    charset = charset_of(content_type)
    if body.startswith(codecs.BOM_UTF8):
        body = body[len(codecs.BOM_UTF8) :]
    elif charset in _CP1251:
        try:
            return body.decode("cp1251").encode().strip()
        except UnicodeDecodeError as error:
            raise OnecBadResponse("1C's answer is not in the charset that it declares") from error
    elif charset not in _UTF8:
        raise OnecBadResponse("1C's answer is in a charset other than UTF-8")
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise OnecBadResponse("1C's answer is not valid UTF-8") from error
    return body.strip()


def _what_is_wrong(error: str) -> str:
    if "truncated" in error:
        return "1C's answer is truncated: its JSON does not end"
    place = re.search(r"\(byte (\d+)\)", error)
    return "1C's answer is not JSON" + (f" (wrong at byte {place.group(1)})" if place else "")
