"""GET / and a browser on /mcp: what this is, and what to add to which program."""

import json
import shlex
from typing import Final

import attrs
from markupsafe import Markup
from quart import Blueprint, Response, render_template, request

from onecgw.settings import Settings
from onecgw.web.asgi import Receive, Request, Scope, Send, read_head
from onecgw.web.language import page_texts, requested_language
from onecgw.web.oauth.pages import PAGE_HEADERS, STYLE
from onecgw.web.oauth.texts import LANGUAGES
from onecgw.web.router import AsgiApp

MCP_PATHS: Final = frozenset({"/mcp", "/mcp/"})


@attrs.frozen(kw_only=True)
class PageForBrowsers:
    """Gives a browser the page where a client of the protocol gets the endpoint."""

    endpoint: AsgiApp
    page: AsgiApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        app = self.page if _is_browser(read_head(scope)) else self.endpoint
        await app(scope, receive, send)


def _is_browser(head: Request) -> bool:
    """Whether a person opened the address: no client of the protocol names text/html.

    A query is for the endpoint, which refuses a token in it.
    """
    accepted = head.value("accept") or ""
    return (
        head.method in {"GET", "HEAD"}
        and "text/html" in accepted
        and "text/event-stream" not in accepted
        and head.value("authorization") is None
        and not head.query
    )


def make_landing_blueprint(settings: Settings, *, is_mcp_served: bool) -> Blueprint:
    """The routes of the page; the language is that of the browser, or of `?lang=`."""
    blueprint = Blueprint("landing", __name__, template_folder="templates")
    url = settings.resource if settings.issuer or settings.oauth.resource else ""

    async def landing() -> Response:
        language = requested_language(request)
        address = url or f"{request.host_url}mcp"
        added = json.dumps({"name": "onecgw", "type": "http", "url": address})
        body = await render_template(
            "landing.html",
            language=language,
            languages=LANGUAGES,
            style=Markup(STYLE),  # noqa: S704 - a file of this package
            text=page_texts("landing", language),
            url=address,
            claude_code=f"claude mcp add --transport http onecgw {shlex.quote(address)}",
            vscode=f"code --add-mcp {shlex.quote(added)}",
            cursor=json.dumps({"mcpServers": {"onecgw": {"url": address}}}),
            has_login=settings.oauth.enabled,
            has_rest=settings.api.bearer_token is not None,
        )
        headers = {**PAGE_HEADERS, "vary": "Accept, Accept-Language"}
        return Response(body, content_type="text/html; charset=utf-8", headers=headers)

    for path in sorted({"/", *MCP_PATHS} if is_mcp_served else {"/"}):
        blueprint.add_url_rule(path, view_func=landing, strict_slashes=True)
    return blueprint
