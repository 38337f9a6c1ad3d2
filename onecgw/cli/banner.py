"""What `onecgw demo` prints: where it is, how to call it, where to add it, what to ask."""

import json
from datetime import date, timedelta

from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN
from onecgw.demo.accounts import ACCOUNTS
from onecgw.demo.books import Books
from onecgw.demo.scenario import describe_scenario


def login_guide(books: Books, url: str) -> str:
    """The text for the terminal where people log in; every command in it works as it stands."""
    server = {"url": f"{url}/mcp"}
    keys = "".join(
        f"  {account.key:<20} {account.name:<18} {' '.join(account.scopes)}\n"
        for account in ACCOUNTS
    )
    return f"""\
onecgw demo is up, its books end on {books.today}. Stop it with Ctrl+C.

  MCP   {url}/mcp   the client opens a page: paste one of the keys there
  REST  {url}/reports/...   token {DEMO_API_TOKEN}

Keys, whose they are, and what they open:
{keys}
Add it to
  Claude Code  claude mcp add --transport http onecgw {url}/mcp   then /mcp in Claude Code
  Cursor       ~/.cursor/mcp.json  {json.dumps({"mcpServers": {"onecgw": server}})}
  VS Code      code --add-mcp '{json.dumps({"name": "onecgw", "type": "http", **server})}'

Sales of last month over REST:
  {_rest_line(url, _sales(books))}

What a client learns first over MCP (with a token instead of a login: onecgw demo --no-oauth):
  curl -s {url}/.well-known/oauth-protected-resource/mcp

{describe_scenario(books)}
"""


def token_guide(books: Books, url: str) -> str:
    """The same where a static token stands for everybody."""
    arguments = _sales(books)
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "sales_report", "arguments": arguments},
    }
    header = f"Authorization: Bearer {DEMO_MCP_TOKEN}"
    server = {"url": f"{url}/mcp", "headers": {"Authorization": f"Bearer {DEMO_MCP_TOKEN}"}}
    return f"""\
onecgw demo is up, its books end on {books.today}. Stop it with Ctrl+C.

  MCP   {url}/mcp   token {DEMO_MCP_TOKEN}
  REST  {url}/reports/...   token {DEMO_API_TOKEN}

Sales of last month over MCP:
  curl -s {url}/mcp -H '{header}' -H 'Content-Type: application/json' -d '{json.dumps(call)}'

and over REST:
  {_rest_line(url, arguments)}

Add it to
  Claude Code  claude mcp add --transport http onecgw {url}/mcp --header "{header}"
  Cursor       ~/.cursor/mcp.json  {json.dumps({"mcpServers": {"onecgw": server}})}
  VS Code      code --add-mcp '{json.dumps({"name": "onecgw", "type": "http", **server})}'

{describe_scenario(books)}
"""


def _sales(books: Books) -> dict[str, object]:
    return {"period": last_month(books.today), "group_by": ["sales_channel"]}


def _rest_line(url: str, arguments: dict[str, object]) -> str:
    return (
        f"curl -s {url}/reports/sales -H 'Authorization: Bearer {DEMO_API_TOKEN}'"
        f" -H 'Content-Type: application/json' -d '{json.dumps(arguments)}'"
    )


def last_month(today: date) -> dict[str, str]:
    """The whole month before the one of today."""
    last_day = today.replace(day=1) - timedelta(days=1)
    return {"from": last_day.replace(day=1).isoformat(), "to": last_day.isoformat()}
