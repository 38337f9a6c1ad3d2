"""`onecgw demo`: the gateway in front of an embedded demo 1C."""

import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import click
import trio

from onecgw.app.serve_demo import (
    LOOPBACK,
    serve_demo,
    serve_demo_onec_alone,
    serve_demo_stdio,
)
from onecgw.catalogue.scalars import FIRST_YEAR, LAST_YEAR
from onecgw.cli.banner import login_banner, token_banner
from onecgw.cli.options import examples
from onecgw.demo.books import DEFAULT_SEED, Books, open_books
from onecgw.demo.csv_export import export_books
from onecgw.demo.fault_plan import FaultPlan, parse_faults
from onecgw.observability.logging import set_up_logging
from onecgw.serving import require_free_port

Size = Literal["small", "default", "large"]

# Books begin two years before their last day, and reports accept no day before FIRST_YEAR.
_FIRST_TODAY_YEAR: Final = FIRST_YEAR + 3


@click.command(epilog=examples("onecgw demo", "onecgw demo --port 9000 --size small --no-oauth"))
@click.option("--port", default=8088, show_default=True, help="Port on 127.0.0.1; 0 = a free one.")
@click.option(
    "--size",
    type=click.Choice(["small", "default", "large"]),
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
    onec_only: bool,
    stdio: bool,
    export: Path | None,
) -> None:
    """Start a gateway and an embedded 1C, and say what to try."""
    set_up_logging(level="warning", log_format="text")
    last_day = today.date() if today else date.today()  # noqa: DTZ011 - the local day of the user
    if not _FIRST_TODAY_YEAR <= last_day.year <= LAST_YEAR:
        raise click.BadParameter(
            f"{last_day} is not between the years {_FIRST_TODAY_YEAR} and {LAST_YEAR}",
            param_hint="--today",
        )
    faults = _read_faults(fault)
    if export is None and not stdio:
        require_free_port(LOOPBACK, port, option="--port")
    with open_books(
        size=size,
        seed=seed,
        today=last_day,
        cache_folder=_cache_folder(),
        progress=partial(click.echo, err=True),
    ) as books:
        if export is not None:
            export_books(books, export)
            click.echo(f"The books are in {export}; its README explains every column.")
        elif stdio:
            trio.run(serve_demo_stdio, books, faults)
        elif onec_only:
            trio.run(partial(serve_demo_onec_alone, books, faults, port=port, announce=click.echo))
        elif no_oauth:
            announce = partial(_announce, books, token_banner)
            trio.run(partial(serve_demo, books, faults, port=port, announce=announce))
        else:
            announce = partial(_announce, books, login_banner)
            with TemporaryDirectory(prefix="onecgw-demo-") as folder:
                serve = partial(serve_demo, port=port, announce=announce, oauth_folder=Path(folder))
                trio.run(serve, books, faults)


def _announce(books: Books, banner: Callable[[Books, str], str], url: str) -> None:
    click.echo(banner(books, url))
    sys.stdout.flush()


def _read_faults(text: str | None) -> FaultPlan | None:
    try:
        return parse_faults(text) if text else None
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
