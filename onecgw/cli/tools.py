"""`onecgw tools`: list the tools of the catalogue."""

import json

import click

from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.cli.options import examples
from onecgw.cli.output import print_table
from onecgw.settings import LimitsSettings


@click.command(epilog=examples("onecgw tools", "onecgw tools --json"))
@click.option("--json", "as_json", is_flag=True, help="The whole listing, as MCP publishes it.")
def tools(as_json: bool) -> None:
    """Show every tool with its scopes and its REST route."""
    if as_json:
        listing = Catalogue(ALL, LimitsSettings()).listing(frozenset(ALL_SCOPES))
        click.echo(json.dumps(json.loads(listing), ensure_ascii=False, indent=2))
        return
    rows = (
        (tool.name, " ".join(sorted(tool.scopes)), f"POST {tool.rest_path}", tool.title)
        for tool in ALL
    )
    print_table(("TOOL", "SCOPE", "REST", "WHAT IT ANSWERS"), rows)
