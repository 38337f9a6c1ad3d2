"""The text that `onecgw demo` prints: its URLs, example calls, and how to add it to clients."""

import json
from datetime import date, timedelta

from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN
from onecgw.cli.language import translate
from onecgw.demo.accounts import ACCOUNTS
from onecgw.demo.books import Books


def login_banner(books: Books, url: str) -> str:
    """Return the text of a demo where people log in; its commands work as they are."""
    keys = "".join(
        f"  {account.key:<20} {account.name:<18} {' '.join(account.scopes)}\n"
        for account in ACCOUNTS
    )
    hint = translate("the client opens a page: paste one of the keys there")
    return f"""\
{_head(books, url, hint)}
{translate("Keys, whose they are, and what they open:")}
{keys}
{_clients(url, {}, cli_suffix="   " + translate("then /mcp in Claude Code"))}
{translate("Sales of last month over REST:")}
  {_rest_line(url, _sales(books))}

{translate("What a client learns first over MCP; calls need a login, which curl cannot do:")}
  curl -s {url}/.well-known/oauth-protected-resource/mcp

{describe_scenario(books)}
{translate("The login page does not tick what is confidential (money, cost).")}
{translate("The first question needs none of it; for the second, tick money and cost on the page.")}
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
{_head(books, url, f"token {DEMO_MCP_TOKEN}")}
{translate("Sales of last month over MCP:")}
  curl -s {url}/mcp -H '{header}' -H 'Content-Type: application/json' -d '{json.dumps(call)}'

{translate("Sales of last month over REST:")}
  {_rest_line(url, arguments)}

{clients}
{describe_scenario(books)}
"""


def describe_scenario(books: Books) -> str:
    """Return two questions that lead to the overstock of the last full quarter, for the terminal.

    The year before is the measure because the season is the same in it.
    """
    first, last = books.scenario_period
    heading = translate("Something happened between {first} and {last}. Ask:")
    questions = (
        translate("Which product group's stock at cost grew most between {first} and {last}?"),
        translate(
            "How long was our cash conversion cycle from {first} to {last}, against the same months"
            " a year before, and which part of it moved?"
        ),
    )
    lines = (heading, *(f"  «{question}»" for question in questions))
    return "\n".join(lines).format(first=first, last=last)


def _head(books: Books, url: str, mcp_hint: str) -> str:
    is_up = translate("onecgw demo is up, its books end on {today}. Stop it with Ctrl+C.")
    return f"""\
{is_up.format(today=books.today)}

  MCP   {url}/mcp   {mcp_hint}
  REST  {url}/reports/...   token {DEMO_API_TOKEN}
"""


def _clients(url: str, options: dict[str, object], *, cli_suffix: str) -> str:
    """How to add the demo to some clients; `options` are members of their JSON."""
    server = {"url": f"{url}/mcp", **options}
    return f"""\
{translate("Add it to")}
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
