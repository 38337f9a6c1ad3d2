"""`onecgw serve`: serve MCP and REST over HTTP."""

import os
from functools import partial
from pathlib import Path

import click
import trio

from onecgw.app.serve import serve_gateway
from onecgw.app.startup import open_settings
from onecgw.cli.options import config_option, examples
from onecgw.diagnostics.careless_settings import log_careless_settings, surroundings_of_process
from onecgw.settings.load import find_config


@click.command(epilog=examples("onecgw serve --config /etc/onecgw/onecgw.yml"))
@config_option
def serve(config: Path | None) -> None:
    """Serve MCP and REST in front of the 1C of the configuration."""
    settings = open_settings(config)
    path = find_config(config, os.environ, Path.cwd())
    log_careless_settings(settings, surroundings_of_process(path, os.environ))
    trio.run(partial(serve_gateway, settings, settings_file=path))
