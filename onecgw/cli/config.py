"""The settings and the log of the verbs that have a configuration."""

import os
from pathlib import Path

import click

from onecgw.observability.logging import set_up_logging
from onecgw.settings import Settings, find_config, load_settings

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration. Default: CONFIG_PATH, config/config.local.yml, config/config.yml.",
)


def open_settings(config: Path | None) -> Settings:
    """Find and load the configuration, and set up the log as it says.

    Raises:
        ConfigError: it is not there, or wrong.
    """
    settings = load_settings(find_config(config, os.environ, Path.cwd()), os.environ)
    set_up_logging(level=settings.log.level, log_format=settings.log.format)
    return settings
