"""`onecgw call`: call one tool from the shell, without a server."""

import sys
from difflib import get_close_matches
from pathlib import Path

import click
import msgspec
import trio

from onecgw.app.local_call import call_tool
from onecgw.app.startup import open_settings
from onecgw.catalogue.tools import BY_NAME
from onecgw.cli.answer_table import print_answer
from onecgw.cli.options import EXIT_FAILED, EXIT_REFUSED, config_option, examples
from onecgw.errors import ConfigError, NotFound, OnecError, OnecgwError, StorageUnavailable
from onecgw.settings.conflicts import FOR_UPSTREAM


@click.command(
    epilog=examples(
        """onecgw call resolve_customer '{"query": "smith"}'""",
        "onecgw call sales_report @october.json --json",
    )
)
@config_option
@click.argument("tool")
@click.argument("arguments", default="{}")
@click.option("--json", "as_json", is_flag=True, help="The answer as it is, one JSON object.")
def call(config: Path | None, tool: str, arguments: str, *, as_json: bool) -> None:
    """Call one tool with the scopes of mcp.scopes, and print its answer.

    ARGUMENTS is a JSON object. `@FILE` reads it from a file and `-` from stdin, which needs no
    quotes of a shell.

    Exits with 1 if 1C or the database failed, 2 if the settings are wrong, 3 if the call was
    refused: its arguments, its tool, its scopes.
    """
    settings = open_settings(config, checks=FOR_UPSTREAM, log_level="error")
    try:
        answer = trio.run(call_tool, settings, tool, _read_arguments(arguments))
    except ConfigError:
        raise
    except OnecgwError as error:
        if as_json:
            click.echo(msgspec.json.encode({"error": error.code, "message": str(error.message)}))
        hint = _suggest(tool) if isinstance(error, NotFound) else ""
        click.echo(f"onecgw call {tool}: {error.code}: {error.message}{hint}", err=True)
        sys.exit(_exit_code(error))
    if as_json:
        click.echo(answer.body)
    else:
        print_answer(answer.body)


def _suggest(tool: str) -> str:
    near = get_close_matches(tool, BY_NAME, n=1)
    return f"; did you mean {near[0]}?" if near else "; `onecgw tools` lists them"


def _exit_code(error: OnecgwError) -> int:
    """3: another call is needed. 1: the same call may succeed later, or 1C must be mended."""
    if isinstance(error, OnecError):
        return EXIT_REFUSED if error.http_status == 400 else EXIT_FAILED  # noqa: PLR2004 - HTTP
    return EXIT_FAILED if isinstance(error, StorageUnavailable) else EXIT_REFUSED


def _read_arguments(text: str) -> bytes:
    if text == "-":
        return sys.stdin.buffer.read()
    if not text.startswith("@"):
        return text.encode("utf-8", "surrogateescape")
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        message = f"{text[1:]} cannot be read: {error.strerror}"
        raise click.BadParameter(message, param_hint="ARGUMENTS") from error
