"""Options that several commands have, and their exit codes."""

from pathlib import Path
from typing import Final

import click

# click itself ends with 2 when the command line is wrong.
EXIT_FAILED: Final = 1
EXIT_CONFIG: Final = 2
EXIT_REFUSED: Final = 3

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file. Default: CONFIG_PATH, config/config.local.yml, config/config.yml.",
)


def examples(*commands: str) -> str:
    """Return the end of a help text: commands as they are typed, one per line."""
    # \b: click leaves the lines of this paragraph as they are.
    return "\n".join(("\b", "Examples:", *(f"  {command}" for command in commands)))
