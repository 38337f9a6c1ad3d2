"""`onecgw stdio`: the same tools for a client that starts a process of its own."""

from functools import partial
from pathlib import Path

import click
import trio

from onecgw.app.serve import serve_own_client
from onecgw.cli.config import config_option, open_settings


@click.command()
@config_option
def stdio(config: Path | None) -> None:
    """Serve MCP on stdin and stdout; everything else goes to stderr."""
    trio.run(partial(serve_own_client, open_settings(config)))
