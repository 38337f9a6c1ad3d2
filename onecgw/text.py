"""Texts that others wrote, in forms that encoders, clients and 1C accept."""

import codecs
import re
import unicodedata
from typing import Final

REPLACEMENT: Final = "\ufffd"
_PIECE_BYTES: Final = 64 * 1024

_UNIT: Final = rb"\\u[dD][%b][0-9a-fA-F]{2}"
# The escapes of a JSON text from left to right: a pair of surrogates, a lone one, any other.
_ESCAPE: Final = re.compile(
    _UNIT % b"89abAB" + _UNIT % b"c-fC-F" + b"|(" + _UNIT % b"89a-fA-F" + rb")|\\.", re.DOTALL
)
# Control and format characters: zero-width ones, marks of direction, U+FEFF, NUL. Line breaks and
# tabs stay: they separate words.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_HEX: Final = "[0-9a-f]"
_GUID: Final = re.compile(
    rf"(\{{)?({_HEX}{{8}})(-?)({_HEX}{{4}})\3({_HEX}{{4}})\3({_HEX}{{4}})\3({_HEX}{{12}})(?(1)\}})",
    re.IGNORECASE | re.ASCII,
)
_ALIKE: Final = str.maketrans(
    {**dict.fromkeys("’‘ʼʹ′`´", "'"), **dict.fromkeys("«»“”„″", '"'), "ё": "е"}
)


def without_bom(body: bytes) -> bytes:
    """A body without the byte order marks of UTF-8 before it; some programs write two."""
    while body.startswith(codecs.BOM_UTF8):
        body = body[len(codecs.BOM_UTF8) :]
    return body


def check_utf8(body: bytes) -> None:
    """Raise UnicodeDecodeError unless a body is UTF-8.

    In pieces: they stay in the processor's cache, where one text of megabytes takes twice the time.
    """
    if len(body) <= _PIECE_BYTES:
        body.decode()
        return
    decode = codecs.getincrementaldecoder("utf-8")().decode
    for at in range(0, len(body), _PIECE_BYTES):
        decode(body[at : at + _PIECE_BYTES])
    decode(b"", final=True)


def well_formed(text: str) -> str:
    """A text that UTF-8 can hold: pairs of surrogates joined, each lone one as U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def json_fault(body: bytes, error: Exception) -> str:
    """Why a text is no JSON that every receiver can read, where a parser refused it."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if well_formed_json(body) != body:
        return "a text in it holds half a character, a lone surrogate; send whole ones or none"
    return str(error)


def well_formed_json(body: bytes) -> bytes:
    """A JSON text whose lone surrogates, written as escapes, are U+FFFD; the rest as it was."""
    if rb"\u" not in body:
        return body
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def normalized(text: str) -> str:
    """A text in the one form in which texts go to 1C: NFC, without invisible characters."""
    return text if text.isascii() and text.isprintable() else _visible(text)


def _visible(text: str) -> str:
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def canonical_id(text: str) -> str:
    """An id in one form: a GUID in lower case with dashes, without braces; others as they are."""
    found = _GUID.fullmatch(text.strip())
    return "-".join(found.group(2, 4, 5, 6, 7)).lower() if found else text


def folded(text: str) -> str:
    """A name as names are compared: case, spacing, quotes and apostrophes do not count."""
    return " ".join(normalized(text).casefold().translate(_ALIKE).split())
