"""A text for a person that is rendered in English at once, and in another language at the border.

Where a text is made, its reader is not known: an error of one call to 1C goes to all callers
that wait for it, and a table in a cache outlives the request that fetched it. So a text keeps its
key and its values, and the surface that answers chooses the language.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from onecgw.locales import DEFAULT_LANGUAGE, Language, load_texts
from onecgw.text import well_formed

# `{name}` is a value, `{count|row|rows}` the form of a word that goes with a number.
PLACEHOLDER: Final = re.compile(r"\{(\w+)(?:\|([^{}]*))?\}")

_TEENS: Final = range(11, 15)
_FEW: Final = range(2, 5)


class Text(str):
    """A text for a person: as a string it is English.

    Args:
        render: gives the text in a language.
        key: in the locale files; "" of a joined text.
        values: of the placeholders.
    """

    __slots__ = ("_render", "key", "values")

    key: str
    values: Mapping[str, object]
    _render: Callable[[Language], str]

    def __new__(
        cls,
        render: Callable[[Language], str],
        *,
        key: str = "",
        values: Mapping[str, object] = MappingProxyType({}),
    ) -> "Text":
        """Render the text in English."""
        text = super().__new__(cls, well_formed(render(DEFAULT_LANGUAGE)))
        text.key, text.values, text._render = key, values, render
        return text

    def in_language(self, language: Language) -> str:
        """The text in a language."""
        if language == DEFAULT_LANGUAGE:
            return str.__str__(self)
        return well_formed(self._render(language))

    def __str__(self) -> str:
        """The English text, as a plain string."""
        return str.__str__(self)


def say(key: str, /, **values: object) -> Text:
    """The text of a key in onecgw/locales.

    Args:
        key: as in `notices.cut`.
        values: of its placeholders; a Text among them is rendered in the same language.

    Raises:
        KeyError: there is no such key, or a value is missing.
    """
    return Text(partial(_rendered, key, values), key=key, values=values)


def join_texts(separator: str, parts: Iterable[str]) -> Text:
    """Several texts as one; parts that are empty are left out."""
    kept = tuple(part for part in parts if part)

    def render(language: Language) -> str:
        return in_language(separator, language).join(in_language(part, language) for part in kept)

    return Text(render)


def in_language(text: str, language: Language) -> str:
    """A text in a language; a string that is no Text, such as 1C's own words, as it is."""
    return text.in_language(language) if isinstance(text, Text) else text


def localized(value: Any, language: Language) -> Any:  # noqa: ANN401 - any tree of JSON
    """A tree of JSON values with its texts in a language; everything else stays as it is."""
    match value:
        case Text():
            return value.in_language(language)
        case str() | bytes():
            return value
        case Mapping():
            return {name: localized(inner, language) for name, inner in value.items()}
        case Sequence():
            return [localized(inner, language) for inner in value]
    return value


def _rendered(key: str, values: Mapping[str, object], language: Language) -> str:
    def place(found: re.Match[str]) -> str:
        value = values[found[1]]
        if found[2] is not None:
            return plural(value, found[2].split("|"), language)
        return in_language(value, language) if isinstance(value, str) else str(value)

    return PLACEHOLDER.sub(place, load_texts(language)[key])


def plural(number: object, forms: Sequence[str], language: Language) -> str:
    """The form of a word that goes with a number (CLDR plural rules).

    Args:
        number: an int or a Decimal; its sign does not count.
        forms: English: one, other. Ukrainian and Russian: one, few, many, and that of a fraction,
            which may be left out where the number is whole.
        language: whose rules apply.
    """
    amount = abs(Decimal(str(number)))
    if language == "en":
        return forms[0] if amount == 1 else forms[-1]
    if amount != amount.to_integral_value():
        return forms[-1]
    tens, ones = int(amount) % 100, int(amount) % 10
    if ones == 1 and tens not in _TEENS:
        return forms[0]
    return forms[1] if ones in _FEW and tens not in _TEENS else forms[2]
