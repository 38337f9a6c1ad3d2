"""What `onecgw demo` prints: where it is, how to call it, where to add it, what to ask."""

import json
from datetime import date, timedelta

from onecgw.demo.books import Books
from onecgw.demo.story import story
from onecgw.run import DEMO_API_TOKEN, DEMO_MCP_TOKEN


def demo_guide(books: Books, url: str) -> str:
    """The text for the terminal; every command in it works as it stands."""
    period = last_month(books.today)
    arguments = {"period": period, "group_by": ["sales_channel"]}
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
  curl -s {url}/reports/sales -H 'Authorization: Bearer {DEMO_API_TOKEN}' \
-H 'Content-Type: application/json' -d '{json.dumps(arguments)}'

Add it to
  Claude Code  claude mcp add --transport http onecgw {url}/mcp --header "{header}"
  Cursor       ~/.cursor/mcp.json  {json.dumps({"mcpServers": {"onecgw": server}})}
  VS Code      code --add-mcp '{json.dumps({"name": "onecgw", "type": "http", **server})}'

{story(books)}
"""


def last_month(today: date) -> dict[str, str]:
    """The whole month before the one of today."""
    last_day = today.replace(day=1) - timedelta(days=1)
    return {"from": last_day.replace(day=1).isoformat(), "to": last_day.isoformat()}
