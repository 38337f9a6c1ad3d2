"""The page on / and for a browser on /mcp: what the gateway is, and how programs connect to it."""

import json
import shlex
from typing import Final

from quart import Blueprint, Response, request

from onecgw.settings import Settings
from onecgw.web.asgi import Request
from onecgw.web.pages import PAGE_HEADERS, page_texts, render_page, requested_language

MCP_PATHS: Final = frozenset({"/mcp", "/mcp/"})
_HEADERS: Final = {**PAGE_HEADERS, "vary": "Accept, Accept-Language"}


def is_browser(head: Request) -> bool:
    """Whether a person opened the address of the endpoint: no client names text/html.

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
        language = requested_language()
        address = url or f"{request.host_url}mcp"
        added = json.dumps({"name": "onecgw", "type": "http", "url": address})
        values = {
            "text": page_texts("landing", language),
            "url": address,
            "claude_code": f"claude mcp add --transport http onecgw {shlex.quote(address)}",
            "vscode": f"code --add-mcp {shlex.quote(added)}",
            "cursor": json.dumps({"mcpServers": {"onecgw": {"url": address}}}),
            "has_login": settings.oauth.enabled,
            "has_rest": settings.api.bearer_token is not None,
        }
        return await render_page("landing.html", language, values, headers=_HEADERS)

    for path in sorted({"/", *MCP_PATHS} if is_mcp_served else {"/"}):
        blueprint.add_url_rule(path, view_func=landing, strict_slashes=True)
    return blueprint
