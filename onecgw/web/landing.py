"""GET /: a page that says what this is, and what to add to which program."""

import shlex
from typing import Final

from markupsafe import Markup
from quart import Blueprint, Response, render_template, request

from onecgw.locales import LANGUAGES, load_texts
from onecgw.settings import Settings
from onecgw.web.oauth.pages import PAGE_HEADERS, STYLE
from onecgw.web.oauth.texts import LANGUAGES as LANGUAGE_NAMES
from onecgw.web.oauth.texts import choose_language

_PREFIX: Final = "landing."


def make_landing_blueprint(settings: Settings) -> Blueprint:
    """The route of the page; the language is that of the browser, or of `?lang=`."""
    blueprint = Blueprint("landing", __name__, template_folder="templates")
    url = settings.resource if settings.issuer or settings.oauth.resource else ""

    @blueprint.get("/")
    async def landing() -> Response:
        preferred = request.args.get("lang", "") or choose_language(request.accept_languages)
        language = next((one for one in LANGUAGES if one == preferred), LANGUAGES[0])
        texts = {
            name.removeprefix(_PREFIX): text
            for name, text in load_texts(language).items()
            if name.startswith(_PREFIX)
        }
        address = url or f"{request.host_url}mcp"
        body = await render_template(
            "landing.html",
            language=language,
            languages=LANGUAGE_NAMES,
            style=Markup(STYLE),  # noqa: S704 - a file of this package
            text=texts,
            url=address,
            command=f"claude mcp add --transport http onecgw {shlex.quote(address)}",
            has_login=settings.oauth.enabled,
        )
        headers = {**PAGE_HEADERS, "vary": "Accept-Language"}
        return Response(body, content_type="text/html; charset=utf-8", headers=headers)

    return blueprint
