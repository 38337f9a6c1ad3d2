"""The command line: one command, one module, imported when the command is called."""

import gc
import io
import sys
from importlib import import_module
from typing import Any, Final

import click

from onecgw import __version__
from onecgw.cli.help import HelpContext, localize
from onecgw.cli.language import choose_language
from onecgw.cli.options import EXIT_CONFIG
from onecgw.locales import LANGUAGES, Language

# Each name is that of the module and of the command in it; in the order of `onecgw --help`.
COMMANDS: Final = (
    *("serve", "stdio", "demo", "init", "check", "odata", "connect", "call", "tools", "sbom"),
    *("config", "keys", "grants", "audit", "backup", "restore", "reload", "probe"),
)


class CommandGroup(click.Group):
    """Imports a command when it is called, and prints a ConfigError without a traceback.

    A command's imports cost up to a second of CPU, and no command needs those of another.
    """

    context_class = HelpContext

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command line; a character that the output cannot show is shown as `?`."""
        # A pipe on Windows has the encoding of the system, which lacks some of our characters.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return super().main(*args, **kwargs)

    def get_help(self, ctx: click.Context) -> str:
        """The help in the current language."""
        return click.Group.get_help(localize(self), ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """The command of a name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        # Imported objects are never freed: looking for garbage among them is a tenth of the start.
        gc.disable()
        command: click.Command = getattr(import_module(f"onecgw.cli.{cmd_name}"), cmd_name)
        gc.freeze()
        gc.enable()
        return localize(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown one, name the most similar.

        Raises:
            click.UsageError: there is no such command.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches  # noqa: PLC0415 - rarely needed

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"{error.message}{hint}", ctx) from error

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was called."""
        from onecgw.errors import ConfigError, leaves  # noqa: PLC0415 - `--version` ends before this

        try:
            return super().invoke(ctx)
        except* ConfigError as group:
            for error in leaves(group):
                click.echo(f"onecgw {ctx.invoked_subcommand} cannot run:\n{error}", err=True)
            sys.exit(EXIT_CONFIG)


def _choose_language(
    _context: click.Context, _parameter: click.Parameter, value: Language | None
) -> None:
    choose_language(value)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="onecgw")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    expose_value=False,
    is_eager=True,
    callback=_choose_language,
    help="The language of texts. Default: that of the locale (LANGUAGE, LC_ALL, LANG).",
)
def main() -> None:
    """Gateway between LLM clients (MCP, REST) and 1C:Enterprise."""
