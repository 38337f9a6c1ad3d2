"""`onecgw serve`: serve MCP and REST over HTTP."""

import os
from functools import partial
from pathlib import Path

import click
import trio

from onecgw.app.serve import serve_gateway
from onecgw.app.startup import open_settings
from onecgw.cli.options import config_option, examples
from onecgw.diagnostics.careless_settings import Surroundings, log_careless_settings
from onecgw.settings import Settings
from onecgw.settings.load import find_config, load_settings


@click.command(epilog=examples("onecgw serve --config /etc/onecgw/onecgw.yml"))
@config_option
def serve(config: Path | None) -> None:
    """Serve MCP and REST in front of the 1C of the configuration.

    SIGHUP and `onecgw reload` read the settings again, SIGTERM and Ctrl+C stop it.
    """
    settings = open_settings(config)
    path = find_config(config, os.environ, Path.cwd())
    log_careless_settings(settings, Surroundings(settings_file=path))

    def read_settings() -> Settings:
        latest = load_settings(path, os.environ)
        log_careless_settings(latest, Surroundings(settings_file=path))
        return latest

    def announce(url: str) -> None:
        if settings.log.file is not None:  # else its first line says it
            click.echo(f"onecgw serves {url}; its log is {settings.log.file}", err=True)

    trio.run(
        partial(
            serve_gateway,
            settings,
            settings_file=path,
            read_settings=read_settings,
            announce=announce,
        )
    )
