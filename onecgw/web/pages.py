"""Pages for a person: their language, texts and style, and the headers that protect them."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup
from quart import Response, render_template, request

from onecgw.locales import DEFAULT_LANGUAGE, Language, accepted_language, load_texts

LANGUAGES: Final[dict[Language, str]] = {"en": "English", "uk": "Українська", "ru": "Русский"}
STYLE: Final = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")


def browser_language() -> Language:
    """The language of ours that the browser prefers, else English."""
    return accepted_language(request.headers.get("accept-language", "")) or DEFAULT_LANGUAGE


def requested_language() -> Language:
    """The language of `?lang=`, else that of the browser; English if `lang` is unknown."""
    chosen = request.args.get("lang")
    if not chosen:
        return browser_language()
    return next((language for language in LANGUAGES if language == chosen), DEFAULT_LANGUAGE)


@cache
def page_texts(page: str, language: Language) -> dict[str, str]:
    """The texts of a page by their names, without `<page>.`."""
    prefix = f"{page}."
    return {
        name.removeprefix(prefix): text
        for name, text in load_texts(language).items()
        if name.startswith(prefix)
    }


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


async def render_page(
    template: str,
    language: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    style: str = STYLE,
    headers: dict[str, str] = PAGE_HEADERS,
) -> Response:
    """A page in a language. values: for the template. headers: page_headers of the style."""
    html = await render_template(
        template,
        language=language,
        languages=LANGUAGES,
        style=Markup(style),  # noqa: S704 - files of this package
        **values,
    )
    return Response(html, status, headers, content_type="text/html; charset=utf-8")
