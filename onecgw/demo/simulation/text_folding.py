"""Folding of names for search: case, ё/е, і/и, diacritics, quotation marks, spaces vanish."""

import re
import unicodedata
from typing import Final

_ALIKE: Final = str.maketrans({"і": "и", "є": "е", "ґ": "г", "ł": "l"})
_NOT_A_WORD: Final = re.compile(r"[^\w]+")
_NOT_A_DIGIT: Final = re.compile(r"\D+")


def fold(text: str) -> str:
    """The text as search compares it: words in lower case, one space apart."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _NOT_A_WORD.sub(" ", plain.translate(_ALIKE)).strip()


def digits(text: str) -> str:
    """Only the digits of a text: how telephone numbers are compared."""
    return _NOT_A_DIGIT.sub("", text)
