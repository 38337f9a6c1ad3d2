"""`onecgw odata`: what a stock 1C has to publish."""

from pathlib import Path

import click

from onecgw.app.startup import open_settings
from onecgw.backends.odata.plan import as_bsl, as_text
from onecgw.backends.odata.profile_reader import SHIPPED, load_profile
from onecgw.cli.options import config_option, examples
from onecgw.errors import ConfigError
from onecgw.settings.conflicts import FOR_ADMINISTRATION


@click.group()
def odata() -> None:
    """What a stock 1C has to publish through OData."""


@odata.command(
    epilog=examples("onecgw odata plan --profile ut", "onecgw odata plan --profile ut --bsl")
)
@config_option
@click.option("--profile", help=f"{', '.join(SHIPPED)}, or a file. Default: onec.odata.profile.")
@click.option("--bsl", is_flag=True, help="Code for 1C that sets exactly this composition.")
def plan(config: Path | None, *, profile: str | None, bsl: bool) -> None:
    """List the objects to publish for a profile."""
    if profile is None:
        profile = open_settings(config, checks=FOR_ADMINISTRATION).onec.odata.profile
        if profile == "auto":
            raise ConfigError(f"--profile is expected: one of {', '.join(SHIPPED)}, or a file")
    loaded = load_profile(profile)
    click.echo(as_bsl(loaded) if bsl else as_text(loaded), nl=False)
