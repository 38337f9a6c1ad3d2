"""The option that names the settings file."""

from pathlib import Path

import click

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file. Default: CONFIG_PATH, config/config.local.yml, config/config.yml.",
)
