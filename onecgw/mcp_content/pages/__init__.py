"""Pages that show a tool's result in the conversation (MCP Apps, specification 2026-01-26).

Each page is one HTML document that loads nothing; its Content-Security-Policy forbids it to. It
gets the result from the client that shows it.
"""

from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from onecgw.locales import DEFAULT_LANGUAGE, Language
from onecgw.mcp_content.pages.columns import column_kinds, page_texts

_SCHEME: Final = "ui://onecgw/"
CYCLE: Final = f"{_SCHEME}cycle.html"
REPORT: Final = f"{_SCHEME}report.html"

PAGE_OF_TOOL: Final = {
    "cash_conversion_cycle": CYCLE,
    **dict.fromkeys(
        (
            "sales_report",
            "top_products",
            "customer_summary",
            "stock_balance",
            "availability_report",
            "goods_in_transit",
            "cash_balance",
            "cash_flow",
            "receivables_balance",
            "payables_balance",
            "purchases_report",
            "debt_aging",
            "stock_cover",
            "margin_bridge",
        ),
        REPORT,
    ),
}

_DOCUMENT: Final = """\
<!DOCTYPE html>
<html lang="{language}">
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
<main id="page"><p class="quiet" role="status">{waiting}</p></main>
<script>
"use strict";
const TEXTS = {texts};
const KINDS = {kinds};
{scripts}</script>
</body>
</html>
"""


@cache
def render_page(uri: str, language: Language = DEFAULT_LANGUAGE) -> str:
    """The HTML document of CYCLE or REPORT.

    Args:
        uri: of the page.
        language: of its texts, if neither the call nor the host names one of ours.
    """
    folder = files(__name__)
    name = uri.removeprefix(_SCHEME).removesuffix(".html")
    style, *scripts = (
        folder.joinpath(part).read_text(encoding="utf-8")
        for part in ("style.css", "host.js", "figures.js", "drawing.js", f"{name}.js")
    )
    return _DOCUMENT.format(
        language=language,
        waiting=page_texts()[language]["text.waiting"],
        style=style,
        texts=_script_value(page_texts()),
        kinds=_script_value(column_kinds()),
        scripts="\n".join(scripts),
    )


def _script_value(value: object) -> str:
    # A "<" inside a text must not end the element that holds the script.
    return msgspec.json.encode(value).decode("utf-8").replace("<", "\\u003c")


@lru_cache(maxsize=64)  # one listing for each set of scopes
def add_pages(tools: bytes) -> bytes:
    """The JSON array of tools; those that have a page name its URI."""
    listed = msgspec.json.decode(tools, type=list[dict[str, object]])
    for tool in listed:
        page = PAGE_OF_TOOL.get(str(tool["name"]))
        if page is not None:
            meta = tool.get("_meta")
            known = meta if isinstance(meta, dict) else {}
            tool["_meta"] = {**known, "ui": {"resourceUri": page}}
    return msgspec.json.encode(listed)
