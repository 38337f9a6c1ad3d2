"""The text that `onecgw demo` prints: its URLs, example calls, and how to add it to clients."""

import json
from datetime import date, timedelta

from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN
from onecgw.demo.accounts import ACCOUNTS
from onecgw.demo.books import Books
from onecgw.demo.scenario import describe_scenario


def login_banner(books: Books, url: str) -> str:
    """Return the text of a demo where people log in; its commands work as they are."""
    keys = "".join(
        f"  {account.key:<20} {account.name:<18} {' '.join(account.scopes)}\n"
        for account in ACCOUNTS
    )
    hint = "   the client opens a page: paste one of the keys there"
    return f"""\
{_head(books, url, hint)}
Keys, whose they are, and what they open:
{keys}
{_clients(url, {}, cli_suffix="   then /mcp in Claude Code")}
Sales of last month over REST:
  {_rest_line(url, _sales(books))}

What a client learns first over MCP (with a token instead of a login: onecgw demo --no-oauth):
  curl -s {url}/.well-known/oauth-protected-resource/mcp

{describe_scenario(books)}
The login page does not tick what is confidential (money, cost). The first question needs none of
it; for the second, tick money and cost on the page.
"""


def token_banner(books: Books, url: str) -> str:
    """Return the text of a demo with a static token; its commands work as they are."""
    arguments = _sales(books)
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "sales_report", "arguments": arguments},
    }
    token = f"Bearer {DEMO_MCP_TOKEN}"
    header = f"Authorization: {token}"
    clients = _clients(
        url, {"headers": {"Authorization": token}}, cli_suffix=f' --header "{header}"'
    )
    return f"""\
{_head(books, url, f"   token {DEMO_MCP_TOKEN}")}
Sales of last month over MCP:
  curl -s {url}/mcp -H '{header}' -H 'Content-Type: application/json' -d '{json.dumps(call)}'

and over REST:
  {_rest_line(url, arguments)}

{clients}
{describe_scenario(books)}
"""


def _head(books: Books, url: str, mcp_hint: str) -> str:
    return f"""\
onecgw demo is up, its books end on {books.today}. Stop it with Ctrl+C.

  MCP   {url}/mcp{mcp_hint}
  REST  {url}/reports/...   token {DEMO_API_TOKEN}
"""


def _clients(url: str, options: dict[str, object], *, cli_suffix: str) -> str:
    """How to add the demo to some clients; `options` are members of their JSON."""
    server = {"url": f"{url}/mcp", **options}
    return f"""\
Add it to
  Claude Code  claude mcp add --transport http onecgw {url}/mcp{cli_suffix}
  Cursor       ~/.cursor/mcp.json  {json.dumps({"mcpServers": {"onecgw": server}})}
  VS Code      code --add-mcp '{json.dumps({"name": "onecgw", "type": "http", **server})}'
"""


def _sales(books: Books) -> dict[str, object]:
    return {"period": last_month(books.today), "group_by": ["warehouse"]}


def _rest_line(url: str, arguments: dict[str, object]) -> str:
    return (
        f"curl -s {url}/reports/sales -H 'Authorization: Bearer {DEMO_API_TOKEN}'"
        f" -H 'Content-Type: application/json' -d '{json.dumps(arguments)}'"
    )


def last_month(today: date) -> dict[str, str]:
    """Return the period of the month before today's."""
    last_day = today.replace(day=1) - timedelta(days=1)
    return {"from": last_day.replace(day=1).isoformat(), "to": last_day.isoformat()}
