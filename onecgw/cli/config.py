"""`onecgw config`: what the settings are, and what they may be."""

import json
import os
from pathlib import Path

import click

from onecgw.app.startup import open_settings
from onecgw.cli.options import config_option, examples
from onecgw.cli.output import json_option, print_records
from onecgw.settings.conflicts import FOR_ADMINISTRATION
from onecgw.settings.json_schema import render_json_schema
from onecgw.settings.load import find_config
from onecgw.settings.origins import SettingOrigin, list_origins


@click.group()
def config() -> None:
    """Show the settings, or the schema of their file."""


@config.command(
    epilog=examples("onecgw config show --redacted", "onecgw config show --redacted --json")
)
@config_option
@click.option("--redacted", is_flag=True, help="Said for clarity: secrets are never shown.")
@json_option
def show(config: Path | None, *, redacted: bool, as_json: bool) -> None:  # noqa: ARG001 - as its help
    """Show every setting, with the file and line or the variable that it comes from."""
    settings = open_settings(config, checks=FOR_ADMINISTRATION, log_level="error")
    path = find_config(config, os.environ, Path.cwd())
    columns = {
        "SETTING": lambda origin: origin.key,
        "VALUE": _value,
        "FROM": lambda origin: origin.place,
    }
    print_records(list_origins(settings, path, os.environ), columns, as_json=as_json)


@config.command(epilog=examples("onecgw config schema > onecgw.schema.json"))
def schema() -> None:
    """Print the JSON Schema of the settings file, for editors."""
    click.echo(json.dumps(render_json_schema(), ensure_ascii=False, indent=2))


def _value(origin: SettingOrigin) -> str:
    if origin.value is None:
        return ""
    if isinstance(origin.value, tuple):
        return ", ".join(origin.value)
    return str(origin.value).lower() if isinstance(origin.value, bool) else str(origin.value)
