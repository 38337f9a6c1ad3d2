"""`onecgw check`: check 1C or a login step by step, with advice for each failure."""

import json
import os
import sys
from functools import partial
from pathlib import Path

import attrs
import click
import trio

from onecgw.app.startup import open_settings
from onecgw.cli.language import translate
from onecgw.cli.options import config_option, examples
from onecgw.diagnostics.careless_settings import (
    Surroundings,
    report_careless_settings,
)
from onecgw.diagnostics.oauth_check import check_oauth
from onecgw.diagnostics.odata_check import check_odata
from onecgw.diagnostics.offline_check import check_offline
from onecgw.diagnostics.onec_check import check_onec
from onecgw.diagnostics.step import CheckStep
from onecgw.errors import ConfigError
from onecgw.settings import Settings
from onecgw.settings.conflicts import FOR_SERVER, FOR_UPSTREAM
from onecgw.settings.load import find_config


@click.command(
    epilog=examples(
        "onecgw check", "onecgw check --offline --quiet", "onecgw check --oauth < key.txt"
    )
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per step.")
@click.option(
    "--oauth", "with_login", is_flag=True, help="Log in to the running gateway; key on stdin."
)
@click.option("--offline", is_flag=True, help="Settings, database, secrets, certificate, port.")
@click.option("--quiet", is_flag=True, help="Print only warnings and steps that fail.")
def check(
    config: Path | None, *, as_json: bool, with_login: bool, offline: bool, quiet: bool
) -> None:
    """Check the connection to 1C, or a login, step by step; exit with 1 if a step fails."""
    if with_login and offline:
        raise click.UsageError("either --oauth or --offline is expected: a login needs the network")
    settings = open_settings(config, checks=FOR_SERVER if offline else FOR_UPSTREAM)
    print_step = _print_json if as_json else _print_text

    def report(step: CheckStep) -> None:
        if not (quiet and step.ok) or step.is_warning:
            print_step(step)

    if not with_login:
        path = find_config(config, os.environ, Path.cwd())
        report_careless_settings(settings, Surroundings(settings_file=path), report)
    if offline:
        has_passed = check_offline(settings, report)
    elif with_login:
        has_passed = check_oauth(_issuer(settings), _read_key(), report, resource=settings.resource)
    else:
        max_bytes = settings.limits.max_response_bytes
        check_1c = check_odata if settings.onec.backend == "odata" else check_onec
        run = partial(check_1c, settings.onec, report, max_response_bytes=max_bytes)
        has_passed = trio.run(run)
    sys.exit(0 if has_passed else 1)


def _issuer(settings: Settings) -> str:
    if not settings.oauth.enabled:
        raise ConfigError("oauth.enabled: false; check --oauth logs in, so true is expected")
    if not settings.issuer:
        raise ConfigError("oauth.public_url: missing; check --oauth logs in at this address")
    return settings.issuer


def _read_key() -> str:
    """Read the access key from stdin, without echo on a terminal."""
    if sys.stdin.isatty():
        key: str = click.prompt(translate("Access key"), hide_input=True)
        return key.strip()
    if not (key := sys.stdin.readline().strip()):
        raise click.ClickException("no key on stdin; as in: onecgw check --oauth < key.txt")
    return key


def _print_json(step: CheckStep) -> None:
    click.echo(json.dumps(attrs.asdict(step), ensure_ascii=False))


def _print_text(step: CheckStep) -> None:
    latency = "" if step.latency_ms is None else f" ({step.latency_ms} ms)"
    outcome = "WARN" if step.is_warning else "ok  " if step.ok else "FAIL"
    click.echo(f"{outcome} {step.name}{latency}: {step.detail}")
    if step.advice:
        click.echo(f"     → {step.advice}")
