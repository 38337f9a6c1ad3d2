"""Pages that show a tool's result in the conversation (MCP Apps, specification 2026-01-26).

Each page is one HTML document that loads nothing; its Content-Security-Policy forbids it to. It
gets the result from the client that shows it.
"""

from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

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
