"""The texts of the login pages, from onecgw/locales."""

from typing import Final

from onecgw import locales
from onecgw.auth.caller import ALL_SCOPES, COST, STOCK
from onecgw.web.language import page_texts

LANGUAGES: Final = {"en": "English", "uk": "Українська", "ru": "Русский"}
# language → key → text; the names of scopes are keys, too.
TEXTS: Final[dict[str, dict[str, str]]] = {
    language: page_texts("oauth_pages", language) for language in locales.LANGUAGES
}


def scope_texts(language: str, stock_amount_scope: str) -> dict[str, str]:
    """What each scope allows; the value of stock is with the scope that opens it."""
    texts = TEXTS[language]
    allows = {scope: texts[scope] for scope in ALL_SCOPES}
    if stock_amount_scope == "cost":
        allows |= {STOCK: texts["stock_without_value"], COST: texts["cost_with_stock_value"]}
    return allows
