"""The pages of a login as HTML, with the headers that protect them."""

import base64
import hashlib
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from onecgw.auth.caller import ALL_SCOPES
from onecgw.oauth.authorization import Ask
from onecgw.oauth.login import Consent
from onecgw.oauth.redirect_policy import is_loopback, shown_host
from onecgw.oauth.scopes import SENSITIVE
from onecgw.web.asgi import Response
from onecgw.web.oauth.texts import LANGUAGES, TEXTS

_FOLDER: Final = Path(__file__).parent / "templates"
_STYLE: Final = (_FOLDER / "style.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
# No form-action: browsers apply it to the redirects after a form, too, and would stop the login.
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
)
PAGE_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY.encode("ascii")),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
_PAGES: Final = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def key_page(ask: Ask, request: str, *, error: str = "", status: int = 200) -> Response:
    """Page 1: the person pastes the access key. request: the sealed request."""
    return _page(
        "key.html", status, ask.language, hidden=("request", request), error=error, **_who(ask)
    )


def consent_page(
    consent: Consent,
    *,
    ticked: frozenset[str] | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    """Page 2: the person chooses what the client may see. ticked: None = not chosen yet."""
    ask = consent.ask
    return _page(
        "consent.html",
        status,
        ask.language,
        hidden=("transaction", consent.transaction),
        error=error,
        name=consent.name,
        scopes=[scope for scope in ALL_SCOPES if scope in consent.offered],
        ticked=consent.ticked if ticked is None else ticked,
        sensitive=SENSITIVE,
        **_who(ask),
    )


def error_page(
    status: int, language: str, *, title: str = "", message: str = "", details: str = ""
) -> Response:
    """What is shown where the browser cannot be sent back to the client.

    title, message: "" where the link itself is wrong. details: for the administrator.
    """
    return _page("error.html", status, language, title=title, message=message, details=details)


def leave_page(status: int, language: str, url: str) -> Response:
    """Nothing was allowed; the person decides whether to go back to an address nobody vouches for.

    url: with the answer for the client in its query.
    """
    return _page("leave.html", status, language, url=url, host=shown_host(url))


def _who(ask: Ask) -> dict[str, object]:
    uri = ask.redirect_uri
    return {"ask": ask, "host": shown_host(uri), "local": is_loopback(uri)}


def _page(template: str, status: int, language: str, **values: object) -> Response:
    html = _PAGES.get_template(template).render(
        language=language,
        languages=LANGUAGES,
        text=TEXTS[language],
        style=Markup(_STYLE),  # noqa: S704 - a file of this package
        **values,
    )
    headers = ((b"content-type", b"text/html; charset=utf-8"), *PAGE_HEADERS)
    return Response(status=status, body=html.encode(), headers=headers)
