"""`onecgw connect`: what to paste to add the gateway to a client."""

import os
import sys
from pathlib import Path

import click

from onecgw.app.startup import open_settings
from onecgw.cli.clients import CLIENTS, GatewayAddress, Shell, describe_client
from onecgw.cli.options import config_option, examples
from onecgw.errors import ConfigError
from onecgw.settings import Settings
from onecgw.settings.conflicts import FOR_ADMINISTRATION
from onecgw.settings.rules import RESOURCE


@click.command(
    epilog=examples(
        "onecgw connect claude-code",
        "onecgw connect vscode --url https://mcp.example.org/mcp --shell powershell",
    )
)
@config_option
@click.argument("client", type=click.Choice(list(CLIENTS)))
@click.option("--url", help="Of the MCP endpoint. Default: that of the settings.")
@click.option(
    "--shell",
    type=click.Choice(["sh", "cmd", "powershell"]),
    help="For which commands are quoted. Default: PowerShell on Windows, else sh.",
)
@click.option("--token", "has_token", is_flag=True, help="With --url: a static token, no login.")
def connect(
    config: Path | None, client: str, *, url: str | None, shell: Shell | None, has_token: bool
) -> None:
    """Print what to paste to add the gateway to a client. No secret is printed."""
    if url is not None:
        if RESOURCE.normal(url) is None:
            raise click.BadParameter(f"{RESOURCE.accepts} is expected", param_hint="--url")
        has_login = not has_token
    else:
        settings = open_settings(config, checks=FOR_ADMINISTRATION, log_level="error")
        url, has_login = _find_url(settings), settings.oauth.enabled
    default: Shell = "powershell" if os.name == "nt" else "sh"
    address = GatewayAddress(url=url, has_login=has_login, shell=shell or default)
    click.echo(describe_client(client, address), nl=False)
    sys.stdout.flush()


def _find_url(settings: Settings) -> str:
    """The address of /mcp: the public one, or without a login that on this computer."""
    if settings.issuer or settings.oauth.resource:
        return settings.resource
    if settings.oauth.enabled:
        raise ConfigError(
            "oauth.public_url: missing; set it, or give --url the address of /mcp that clients use"
        )
    if settings.server.tls.cert is not None:
        raise ConfigError(
            "server.public_url: missing; with server.tls, the https origin with a name of the"
            " certificate is expected, or --url"
        )
    return f"http://127.0.0.1:{settings.server.port}/mcp"
