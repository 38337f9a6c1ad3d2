"""The command line: one verb, one module."""

import sys

import click

from onecgw import __version__
from onecgw.cli.audit import audit
from onecgw.cli.check import check
from onecgw.cli.demo import demo
from onecgw.cli.grants import grants
from onecgw.cli.keys import keys
from onecgw.cli.serve import serve
from onecgw.cli.stdio import stdio
from onecgw.cli.tools import tools
from onecgw.errors import ConfigError, leaves

EXIT_CONFIG = 2


class Verbs(click.Group):
    """Runs a verb; what the operator can mend is told in sentences, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb that was asked for."""
        try:
            return super().invoke(ctx)
        except* ConfigError as group:
            for error in leaves(group):
                click.echo(f"onecgw {ctx.invoked_subcommand} cannot run:\n{error}", err=True)
            sys.exit(EXIT_CONFIG)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="onecgw")
def main() -> None:
    """Gateway between LLM clients (MCP, REST) and 1C:Enterprise."""


for verb in (serve, stdio, demo, check, tools, keys, grants, audit):
    main.add_command(verb)
