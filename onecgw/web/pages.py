"""The language and the texts of pages."""

from quart import Request
from werkzeug.datastructures import LanguageAccept

from onecgw.locales import DEFAULT_LANGUAGE, LANGUAGES, Language, load_texts


def choose_language(accepted: LanguageAccept) -> str:
    """The language of ours that an Accept-Language header prefers (RFC 9110, 12.5.4)."""
    languages = (tag.lower().partition("-")[0] for tag, quality in accepted if quality > 0)
    return next((language for language in languages if language in LANGUAGES), DEFAULT_LANGUAGE)


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
