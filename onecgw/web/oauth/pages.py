"""The pages of a login, with the headers that protect them."""

import base64
import hashlib
from pathlib import Path
from typing import Final

from markupsafe import Markup
from quart import Response, render_template

from onecgw.auth.caller import ALL_SCOPES
from onecgw.oauth.authorization import AuthorizationRequest
from onecgw.oauth.login import Consent
from onecgw.oauth.redirect_policy import is_loopback, shown_host
from onecgw.oauth.scopes import SENSITIVE
from onecgw.web.oauth.texts import LANGUAGES, TEXTS, scope_texts

STYLE: Final = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")


def page_headers(style: str) -> dict[str, str]:
    """The headers of a page that has this style and nothing else that a browser runs or fetches."""
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return {
        "cache-control": "no-store",
        # Without form-action: browsers apply it to the redirects after a form too, and would stop
        # the login.
        "content-security-policy": f"default-src 'none'; style-src 'sha256-{style_hash}';"
        " frame-ancestors 'none'; base-uri 'none'",
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    }


PAGE_HEADERS: Final = page_headers(STYLE)


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
        allows=scope_texts(consent.request.language, stock_amount_scope),
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


async def _page(template: str, status: int, language: str, **values: object) -> Response:
    html = await render_template(
        template,
        language=language,
        languages=LANGUAGES,
        text=TEXTS[language],
        style=Markup(STYLE),  # noqa: S704 - a file of this package
        **values,
    )
    return Response(html, status, PAGE_HEADERS, content_type="text/html; charset=utf-8")
