"""`onecgw reload`: let the running gateway read its settings again."""

import sys
from pathlib import Path

import click

from onecgw.app.control import control_path, request_reload
from onecgw.app.startup import open_settings
from onecgw.cli.options import EXIT_CONFIG, config_option, examples


@click.command(epilog=examples("onecgw reload --config /etc/onecgw/onecgw.yml"))
@config_option
def reload(config: Path | None) -> None:
    """Let the running gateway read its settings and its certificate again.

    No call is lost. If the settings are wrong, it keeps those that it has, and this command exits
    with 2.
    """
    settings = open_settings(config, log_level="error")
    report = request_reload(control_path(settings))
    if report.error:
        click.echo(f"The gateway keeps the settings that it has:\n{report.error}", err=True)
        sys.exit(EXIT_CONFIG)
    changes = "".join(f"\n  {change}" for change in report.applied)
    click.echo(f"Reloaded.{changes}")
    if report.after_restart:
        waiting = "".join(f"\n  {change}" for change in report.after_restart)
        click.echo(f"Only after a restart:{waiting}", err=True)
