"""How a person's words are compared with the names, codes and telephones of a catalogue."""

import re
import unicodedata
from typing import Final

# A query is a telephone number when it has this many digits and no letters.
_PHONE_DIGITS: Final = 4
# With fewer, too many numbers contain it for it to stand before words.
_SURE_PHONE_DIGITS: Final = 5
_ALIKE: Final = str.maketrans({"і": "и", "є": "е", "ґ": "г", "ł": "l"})
_NOT_A_WORD: Final = re.compile(r"[^\w]+")
_NOT_A_DIGIT: Final = re.compile(r"\D+")


def fold(text: str) -> str:
    """The text as search compares it: without case, ё/е, і/и, diacritics and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _NOT_A_WORD.sub(" ", plain.translate(_ALIKE)).strip()


def digits(text: str) -> str:
    """Only the digits of a text."""
    return _NOT_A_DIGIT.sub("", text)


class Wanted:
    """A query, prepared once for a whole catalogue."""

    def __init__(self, query: str) -> None:
        self._text = fold(query)
        self._words = self._text.split()
        number = digits(query)
        is_phone = len(number) >= _PHONE_DIGITS and not any(sign.isalpha() for sign in query)
        self._number = number if is_phone else ""

    def rank(self, *, names: tuple[str, ...], words: str, phone: str) -> int | None:
        """How well an entry fits: 0 is the very name or code, None is not at all.

        Args:
            names: what the entry is exactly: the folded name, the folded code, its digits.
            words: the folded name and code.
            phone: its digits; "" without one.
        """
        if self._text and self._text in names:
            return 0
        if self._number and phone and self._number in phone:
            return 1 if len(self._number) >= _SURE_PHONE_DIGITS else 4
        if not self._words or not all(word in words for word in self._words):
            return None
        if words.startswith(self._text):
            return 2
        return 3 if all(f" {word}" in f" {words}" for word in self._words) else 4
