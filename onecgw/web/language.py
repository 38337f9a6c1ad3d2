"""The language and the texts of the pages that belong to no login."""

from quart import Request

from onecgw.locales import LANGUAGES, Language, load_texts
from onecgw.web.oauth.texts import choose_language


def requested_language(request: Request) -> Language:
    """The language of `?lang=`, else that of the browser, else English."""
    preferred = request.args.get("lang", "") or choose_language(request.accept_languages)
    return next((language for language in LANGUAGES if language == preferred), LANGUAGES[0])


def page_texts(page: str, language: Language) -> dict[str, str]:
    """The texts of a page by their names, without `<page>.`."""
    prefix = f"{page}."
    return {
        name.removeprefix(prefix): text
        for name, text in load_texts(language).items()
        if name.startswith(prefix)
    }
