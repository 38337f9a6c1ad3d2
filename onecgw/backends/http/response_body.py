"""The body of a 200: a well-formed JSON object, compact, in UTF-8, its digits and texts untouched.

Nothing here turns a number into a binary float or a text into other characters: whitespace between
tokens is all that goes, and half a character becomes U+FFFD.

Hot for large answers: each step is one pass of C over the bytes. It must not make objects of
values, nor texts of more than a piece of the body.
"""

import codecs
import re
from typing import Final

import msgspec

from onecgw.backends.errors.error_text import charset_of
from onecgw.errors import OnecBadResponse
from onecgw.locales.text import say
from onecgw.text import check_utf8, well_formed, well_formed_json, without_bom

NESTING_LEVELS: Final = 64  # a report has 4; parsers of the callers end somewhere above 100

# What a label means for a body that is not UTF-8. No label, or one that says UTF-8, means nothing.
_SINGLE_BYTE: Final = {
    **dict.fromkeys(("windows-1251", "cp1251", "win-1251", "win1251", "1251", "ansi"), "cp1251"),
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
}
_ALL_BUT_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in b'[]{}"')
# Also keeps backslashes and the characters that may follow them, so escapes stay whole.
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
        raise OnecBadResponse(say("bad_response.nothing"))
    if body[:1] == b"<":
        raise OnecBadResponse(say("bad_response.page"))
    if nests_deeper(body, NESTING_LEVELS):
        raise OnecBadResponse(say("bad_response.nesting", levels=NESTING_LEVELS))
    try:
        compact = _compact(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise OnecBadResponse(_what_is_wrong(str(error))) from error
    if compact[:1] != b"{":
        raise OnecBadResponse(say("bad_response.no_object"))
    return compact


def _compact(body: bytes) -> bytes:
    """The JSON text without whitespace between its tokens.

    It checks the whole grammar of RFC 8259 but the UTF-8 of strings, and copies each token as it
    stands: it parses no number. It refuses a lone surrogate as if the text ended there, so those
    are replaced only where it has refused.
    """
    try:
        return msgspec.json.format(body, indent=-1)
    except msgspec.DecodeError:
        mended = well_formed_json(body)
        if mended == body:
            raise
        return msgspec.json.format(mended, indent=-1)


def nests_deeper(body: bytes, levels: int) -> bool:
    """Whether arrays and objects stand in each other more than so many levels deep.

    For malformed JSON the result is arbitrary. The time is linear for every input.
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
    """The body in UTF-8, whatever its label says: what decodes as UTF-8 is UTF-8."""
    body = without_bom(body)
    if wide := _wide_charset(body):
        return _decoded(body, wide).lstrip("\ufeff").encode().strip()
    if body.isascii():
        return body.strip()
    try:
        check_utf8(body)
    except UnicodeDecodeError:
        return _decoded_by_label(body, charset_of(content_type)).encode().strip()
    return body.strip()


def _decoded_by_label(body: bytes, label: str) -> str:
    """A text that is no strict UTF-8: UTF-8 with half a character, or else what its label says."""
    try:
        return _decoded(body, "utf-8")
    except OnecBadResponse:
        if label not in _SINGLE_BYTE:
            raise
    return _decoded(body, _SINGLE_BYTE[label])


def _wide_charset(body: bytes) -> str:
    """UTF-16 as the first two bytes of a JSON text tell it (RFC 4627, section 3); "" for none."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in body[:2]:
        return "utf-16-be" if body[:1] == b"\0" else "utf-16-le"
    return ""


def _decoded(body: bytes, charset: str) -> str:
    # 1C's texts are UTF-16 inside: a substring may end with half a character, whatever the charset.
    errors = "surrogatepass" if charset.startswith("utf") else "strict"
    try:
        return well_formed(body.decode(charset, errors))
    except UnicodeDecodeError as error:
        raise OnecBadResponse(say("bad_response.charset", charset=charset.upper())) from error


def _what_is_wrong(error: str) -> str:
    if "truncated" in error:
        return say("bad_response.json_ends")
    place = re.search(r"\(byte (\d+)\)", error)
    if place is None:
        return say("bad_response.no_json")
    return say("bad_response.no_json_at", byte=place.group(1))
