"""Pages that draw a tool's answer in the conversation (MCP Apps, specification 2026-01-26).

Each page is one HTML document that holds everything it needs: it fetches nothing, and its own
Content-Security-Policy forbids it to. It gets the answer from the host that shows it.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import attrs
import msgspec

from onecgw.auth.context import CallContext
from onecgw.mcp.client_info import PAGE_TYPE
from onecgw.mcp.providers import JsonObject, Resources
from onecgw.mcp.request_context import Exchange

_SCHEME: Final = "ui://onecgw/"
CYCLE: Final = f"{_SCHEME}cycle.html"
REPORT: Final = f"{_SCHEME}report.html"

PAGE_OF_TOOL: Final = {
    "cash_conversion_cycle": CYCLE,
    "sales_report": REPORT,
    "stock_balance": REPORT,
    "cash_flow": REPORT,
    "receivables_balance": REPORT,
}

_DOCUMENT: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';
  base-uri 'none'; form-action 'none'">
<title>onecgw</title>
<style>
{style}</style>
</head>
<body>
<main id="page"><p class="quiet" role="status">Waiting for the answer…</p></main>
<script>
{host}
{script}</script>
</body>
</html>
"""


@cache
def render_page(uri: str) -> str:
    """The HTML document of CYCLE or REPORT."""
    folder = files(__name__)
    name = uri.removeprefix(_SCHEME).removesuffix(".html")
    style, host, script = (
        folder.joinpath(part).read_text(encoding="utf-8")
        for part in ("style.css", "host.js", f"{name}.js")
    )
    return _DOCUMENT.format(style=style, host=host, script=script)


class GatewayPages:
    """The pages of this gateway's tools."""

    def with_pages(self, tools: bytes) -> bytes:
        """The JSON array of tools, each with a page naming it."""
        return _name_pages(tools)


@attrs.frozen
class PageResources:
    """Other documents, and the pages; those are not listed, because tools name them."""

    others: Resources

    def list_resources(self, context: CallContext) -> bytes:
        """The JSON array of the other documents."""
        return self.others.list_resources(context)

    def list_templates(self, context: CallContext) -> bytes:
        """The JSON array of the other templates."""
        return self.others.list_templates(context)

    async def read_resource(self, uri: str, exchange: Exchange) -> Sequence[JsonObject]:
        """A page, or one of the other documents.

        Raises:
            NotFound: there is none at the URI, or not for this caller.
        """
        if uri not in PAGE_OF_TOOL.values():
            return await self.others.read_resource(uri, exchange)
        meta = {"ui": {"csp": {}, "prefersBorder": True}}
        return [{"uri": uri, "mimeType": PAGE_TYPE, "text": render_page(uri), "_meta": meta}]


@lru_cache(maxsize=64)  # there are as many listings as sets of scopes
def _name_pages(tools: bytes) -> bytes:
    listed = msgspec.json.decode(tools, type=list[dict[str, object]])
    for tool in listed:
        page = PAGE_OF_TOOL.get(str(tool["name"]))
        if page is not None:
            meta = tool.get("_meta")
            known = meta if isinstance(meta, dict) else {}
            tool["_meta"] = {**known, "ui": {"resourceUri": page}}
    return msgspec.json.encode(listed)
