"""`onecgw check`: does the configured 1C answer, and if not, what is to be changed."""

import json
import sys
from pathlib import Path

import attrs
import click
import trio

from onecgw.check import Step, check_onec
from onecgw.cli.config import config_option, open_settings


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per step.")
def check(config: Path | None, as_json: bool) -> None:
    """Check the way to 1C step by step; exit with 1 if a step fails."""
    settings = open_settings(config)
    is_well = trio.run(check_onec, settings, _print_json if as_json else _print_text)
    sys.exit(0 if is_well else 1)


def _print_json(step: Step) -> None:
    click.echo(json.dumps(attrs.asdict(step), ensure_ascii=False))


def _print_text(step: Step) -> None:
    latency = "" if step.latency_ms is None else f" ({step.latency_ms} ms)"
    click.echo(f"{'ok  ' if step.ok else 'FAIL'} {step.name}{latency}: {step.detail}")
    if step.advice:
        click.echo(f"     → {step.advice}")
