"""`onecgw serve`: serve MCP and REST over HTTP."""

from functools import partial
from pathlib import Path

import click
import trio

from onecgw.app.serve import serve_gateway
from onecgw.app.startup import open_settings
from onecgw.cli.options import config_option, examples


@click.command(epilog=examples("onecgw serve --config /etc/onecgw/onecgw.yml"))
@config_option
def serve(config: Path | None) -> None:
    """Serve MCP and REST in front of the 1C of the configuration."""
    trio.run(partial(serve_gateway, open_settings(config)))
