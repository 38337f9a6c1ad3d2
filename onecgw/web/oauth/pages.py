"""The pages of a login, and their texts."""

from typing import Final

from quart import Response

from onecgw.auth.caller import ALL_SCOPES, COST, STOCK
from onecgw.oauth.authorization import AuthorizationRequest
from onecgw.oauth.login import Consent
from onecgw.oauth.redirect_policy import is_loopback, shown_host
from onecgw.oauth.scopes import SENSITIVE
from onecgw.web.pages import LANGUAGES, page_texts, render_page

# language → key → text; the names of scopes are keys, too.
TEXTS: Final[dict[str, dict[str, str]]] = {
    language: page_texts("oauth_pages", language) for language in LANGUAGES
}


async def key_page(
    authorization: AuthorizationRequest, signed: str, *, error: str = "", status: int = 200
) -> Response:
    """Page 1: the person enters the access key. signed: the signed authorization request."""
    return await _page(
        "key.html",
        status,
        authorization.language,
        hidden=("request", signed),
        error=error,
        **_receiver(authorization),
    )


async def consent_page(
    consent: Consent,
    *,
    stock_amount_scope: str,
    ticked: frozenset[str] | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    """Page 2: the person chooses the scopes.

    Args:
        consent: what may be chosen.
        stock_amount_scope: limits.stock_amount_scope.
        ticked: None before the first choice.
        error: "" without one.
        status: of the response.
    """
    return await _page(
        "consent.html",
        status,
        consent.request.language,
        hidden=("transaction", consent.transaction),
        error=error,
        name=consent.name,
        scopes=[scope for scope in ALL_SCOPES if scope in consent.offered],
        allows=_scope_texts(consent.request.language, stock_amount_scope),
        ticked=consent.ticked if ticked is None else ticked,
        sensitive=SENSITIVE,
        **_receiver(consent.request),
    )


async def error_page(
    status: int, language: str, *, title: str = "", message: str = "", details: str = ""
) -> Response:
    """An error that cannot be sent to the client.

    title, message: "" if the link to the gateway is wrong. details: for the administrator.
    """
    return await _page(
        "error.html", status, language, title=title, message=message, details=details
    )


async def external_redirect_page(status: int, language: str, url: str) -> Response:
    """Nothing was allowed, and the redirect URI is not trusted: the person may follow it.

    url: with the response for the client in its query.
    """
    return await _page("external_redirect.html", status, language, url=url, host=shown_host(url))


def _receiver(authorization: AuthorizationRequest) -> dict[str, object]:
    uri = authorization.redirect_uri
    return {"authorization": authorization, "host": shown_host(uri), "local": is_loopback(uri)}


def _scope_texts(language: str, stock_amount_scope: str) -> dict[str, str]:
    """What each scope allows; the value of stock is with the scope that opens it."""
    texts = TEXTS[language]
    allows = {scope: texts[scope] for scope in ALL_SCOPES}
    if stock_amount_scope == "cost":
        allows |= {STOCK: texts["stock_without_value"], COST: texts["cost_with_stock_value"]}
    return allows


async def _page(template: str, status: int, language: str, **values: object) -> Response:
    return await render_page(template, language, {"text": TEXTS[language], **values}, status=status)
