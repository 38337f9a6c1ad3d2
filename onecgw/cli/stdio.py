"""`onecgw stdio`: serve MCP to the client that started this process."""

from functools import partial
from pathlib import Path

import click
import trio

from onecgw.app.startup import open_settings
from onecgw.app.stdio import serve_own_client
from onecgw.cli.options import config_option, examples
from onecgw.settings.conflicts import FOR_UPSTREAM


@click.command(epilog=examples("onecgw stdio --config /etc/onecgw/onecgw.yml"))
@config_option
def stdio(config: Path | None) -> None:
    """Serve MCP on stdin and stdout; everything else goes to stderr."""
    trio.run(partial(serve_own_client, open_settings(config, checks=FOR_UPSTREAM)))
