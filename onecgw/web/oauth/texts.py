"""The texts of the login pages, from onecgw/locales, and the choice of their language."""

from typing import Final

from werkzeug.datastructures import LanguageAccept

from onecgw import locales
from onecgw.auth.caller import ALL_SCOPES, COST, STOCK
from onecgw.locales import load_texts

LANGUAGES: Final = {"en": "English", "uk": "Українська", "ru": "Русский"}
DEFAULT_LANGUAGE: Final = "en"

_PREFIX: Final = "oauth_pages."
# language → key → text; the names of scopes are keys, too.
TEXTS: Final[dict[str, dict[str, str]]] = {
    language: {
        key.removeprefix(_PREFIX): text
        for key, text in load_texts(language).items()
        if key.startswith(_PREFIX)
    }
    for language in locales.LANGUAGES
}


def scope_texts(language: str, stock_amount_scope: str) -> dict[str, str]:
    """What each scope allows; the value of stock is with the scope that opens it."""
    texts = TEXTS[language]
    allows = {scope: texts[scope] for scope in ALL_SCOPES}
    if stock_amount_scope == "cost":
        allows |= {STOCK: texts["stock_without_value"], COST: texts["cost_with_stock_value"]}
    return allows


def choose_language(accepted: LanguageAccept) -> str:
    """The language of ours that an Accept-Language header prefers (RFC 9110, 12.5.4)."""
    languages = (tag.lower().partition("-")[0] for tag, quality in accepted if quality > 0)
    return next((language for language in languages if language in LANGUAGES), DEFAULT_LANGUAGE)
