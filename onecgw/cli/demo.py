"""`onecgw demo`: the gateway in front of an embedded demo 1C."""

import logging
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, get_args

import click
import trio

from onecgw.app.serve_demo import (
    LOOPBACK,
    BackendName,
    DemoOnec,
    serve_demo,
    serve_demo_onec_alone,
    serve_demo_stdio,
)
from onecgw.catalogue.scalars import FIRST_YEAR, LAST_YEAR
from onecgw.cli.banner import login_banner, token_banner
from onecgw.cli.language import say
from onecgw.cli.options import examples
from onecgw.demo.books import DEFAULT_SEED, Books, open_books
from onecgw.demo.csv_export import export_books
from onecgw.demo.fault_plan import parse_faults
from onecgw.demo.http_service import build_demo_app
from onecgw.demo.odata.app import build_odata_app
from onecgw.demo.odata.configurations import ConfigurationName
from onecgw.demo.odata.faults import parse_odata_faults
from onecgw.observability.logging import set_up_logging
from onecgw.serving import require_free_port

STEP_CHARACTERS: Final = 12
Size = Literal["small", "default", "large"]

# Books begin two years before their last day, and reports accept no day before FIRST_YEAR.
_FIRST_TODAY_YEAR: Final = FIRST_YEAR + 3


@click.command(epilog=examples("onecgw demo", "onecgw demo --port 9000 --size small --no-oauth"))
@click.option("--port", default=8088, show_default=True, help="Port on 127.0.0.1; 0 = a free one.")
@click.option(
    "--size",
    type=click.Choice(get_args(Size)),
    default="default",
    show_default=True,
    help="How much the company trades.",
)
@click.option("--no-oauth", is_flag=True, help="Static tokens instead of a login.")
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="Other books.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day of the books. Default: today.",
)
@click.option("--fault", metavar="PLAN", help="What goes wrong in 1C, as in latency=2s,rate=0.1.")
@click.option(
    "--backend",
    type=click.Choice(get_args(BackendName)),
    default="http_service",
    show_default=True,
    help="What answers in the embedded 1C. With odata there is no login: as with --no-oauth.",
)
@click.option(
    "--configuration",
    type=click.Choice(get_args(ConfigurationName)),
    default="ut",
    show_default=True,
    help="With odata: whose objects it publishes. УТ, УНФ, БП, or БП with the accounts of BAS.",
)
@click.option("--onec-only", is_flag=True, help="Only the embedded 1C, without the gateway.")
@click.option("--stdio", is_flag=True, help="MCP on stdin and stdout instead of HTTP.")
@click.option(
    "--export",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the books as CSV into this folder and stop.",
)
def demo(
    *,
    port: int,
    size: Size,
    no_oauth: bool,
    seed: int,
    today: datetime | None,
    fault: str | None,
    backend: BackendName,
    configuration: ConfigurationName,
    onec_only: bool,
    stdio: bool,
    export: Path | None,
) -> None:
    """Start a gateway and an embedded 1C, and say what to try."""
    set_up_logging(level="warning", log_format="text")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_worth_showing)
    last_day = today.date() if today else date.today()  # noqa: DTZ011 - the local day of the user
    if not _FIRST_TODAY_YEAR <= last_day.year <= LAST_YEAR:
        raise click.BadParameter(
            f"{last_day} is not between the years {_FIRST_TODAY_YEAR} and {LAST_YEAR}",
            param_hint="--today",
        )
    faults = _parse_faults(backend, fault)
    if export is None and not stdio:
        require_free_port(LOOPBACK, port, option="--port")
    with open_books(
        size=size,
        seed=seed,
        today=last_day,
        cache_folder=_cache_folder(),
        progress=_show_progress,
    ) as books:
        _show_progress("")
        if export is not None:
            export_books(books, export)
            say("The books are in {folder}; its README explains every column.", folder=export)
            return
        if backend == "odata":
            build = partial(build_odata_app, books, configuration, faults=faults)
            onec = DemoOnec(build=build, backend=backend, path="/trade")
        else:
            onec = DemoOnec(build=partial(build_demo_app, books, faults=faults))
        if stdio:
            trio.run(serve_demo_stdio, onec)
        elif onec_only:
            trio.run(partial(serve_demo_onec_alone, onec, port=port, announce=click.echo))
        elif no_oauth or backend == "odata":  # a stock 1C cannot verify the keys of its accounts
            announce = partial(_announce, books, token_banner)
            trio.run(partial(serve_demo, onec, port=port, announce=announce))
        else:
            announce = partial(_announce, books, login_banner)
            with TemporaryDirectory(prefix="onecgw-demo-") as folder:
                serve = partial(serve_demo, port=port, announce=announce, oauth_folder=Path(folder))
                trio.run(serve, onec)


def _is_worth_showing(record: logging.LogRecord) -> bool:
    """Whether to show a log line; the demo makes new secrets at each start, which is no news."""
    return record.getMessage() != "oauth.secrets_made"


def _show_progress(step: str) -> None:
    """Show a step in the place of the one before; "" when the last is done.

    A sentence stays. Where stderr is no terminal, steps are left out.
    """
    if " " in step:
        click.echo(step, err=True)
    elif sys.stderr.isatty():
        click.echo(f"\r{step:<{STEP_CHARACTERS}}\r", nl=False, err=True)


def _announce(books: Books, banner: Callable[[Books, str], str], url: str) -> None:
    click.echo(banner(books, url))
    sys.stdout.flush()


def _parse_faults(backend: BackendName, text: str | None) -> Any:  # noqa: ANN401 - of the backend
    parse = parse_odata_faults if backend == "odata" else parse_faults
    try:
        return parse(text) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from error


def _cache_folder() -> Path:
    """Return the folder for caches of this user, by the convention of the operating system."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "onecgw"
