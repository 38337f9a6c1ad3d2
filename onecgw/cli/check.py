"""`onecgw check`: does the configured 1C answer, and if not, what is to be changed."""

import json
import sys
from pathlib import Path

import attrs
import click
import trio

from onecgw.cli.config import config_option, open_settings
from onecgw.diagnostics.oauth_check import check_oauth
from onecgw.diagnostics.onec_check import Step, check_onec
from onecgw.errors import ConfigError
from onecgw.settings import Settings


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per step.")
@click.option(
    "--oauth", "with_login", is_flag=True, help="Log in to the running gateway; key on stdin."
)
def check(config: Path | None, *, as_json: bool, with_login: bool) -> None:
    """Check the way to 1C, or that of a login, step by step; exit with 1 if a step fails."""
    settings = open_settings(config)
    report = _print_json if as_json else _print_text
    if with_login:
        is_well = check_oauth(_issuer(settings), _read_key(), report, resource=settings.resource)
    else:
        is_well = trio.run(check_onec, settings, report)
    sys.exit(0 if is_well else 1)


def _issuer(settings: Settings) -> str:
    if not settings.oauth.enabled:
        raise ConfigError("oauth.enabled is false: nobody logs in to this gateway")
    return settings.issuer


def _read_key() -> str:
    """The access key: a line of stdin, not shown where it is typed."""
    if sys.stdin.isatty():
        key: str = click.prompt("Access key", hide_input=True)
        return key.strip()
    if not (typed := sys.stdin.readline().strip()):
        raise click.ClickException("no key on stdin; as in: onecgw check --oauth < key.txt")
    return typed


def _print_json(step: Step) -> None:
    click.echo(json.dumps(attrs.asdict(step), ensure_ascii=False))


def _print_text(step: Step) -> None:
    latency = "" if step.latency_ms is None else f" ({step.latency_ms} ms)"
    click.echo(f"{'ok  ' if step.ok else 'FAIL'} {step.name}{latency}: {step.detail}")
    if step.advice:
        click.echo(f"     → {step.advice}")
