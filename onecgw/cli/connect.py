"""`onecgw connect`: what to paste to add the gateway to a client."""

import os
import sys
from pathlib import Path

import click

from onecgw.app.startup import open_settings
from onecgw.cli.bundle import BundleDefaults, write_bundle
from onecgw.cli.clients import CLIENTS, GatewayAddress, Shell, describe_client
from onecgw.cli.language import say
from onecgw.cli.options import config_option, examples
from onecgw.errors import ConfigError
from onecgw.settings import Settings
from onecgw.settings.conflicts import FOR_ADMINISTRATION
from onecgw.settings.load import find_config, read_sources
from onecgw.settings.rules import RESOURCE


@click.command(
    epilog=examples(
        "onecgw connect claude-code",
        "onecgw connect vscode --url https://mcp.example.org/mcp --shell powershell",
        "onecgw connect claude-desktop --bundle onecgw.mcpb",
    )
)
@config_option
@click.argument("client", type=click.Choice(list(CLIENTS)))
@click.option("--url", help="URL of the MCP endpoint. Default: that of the settings.")
@click.option(
    "--shell",
    type=click.Choice(["sh", "cmd", "powershell"]),
    help="The shell for which commands are quoted. Default: PowerShell on Windows, else sh.",
)
@click.option("--token", "has_token", is_flag=True, help="With --url: a static token, no login.")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With claude-desktop: write a bundle (.mcpb) that starts the gateway on this computer.",
)
def connect(
    config: Path | None,
    client: str,
    *,
    url: str | None,
    shell: Shell | None,
    has_token: bool,
    bundle: Path | None,
) -> None:
    """Print what to paste to add the gateway to a client. No secret is printed."""
    if bundle is not None:
        if client != "claude-desktop" or url is not None:
            raise click.UsageError("--bundle goes with claude-desktop, and without --url")
        _write_bundle(bundle, config)
        return
    token_file = ""
    if url is not None:
        if RESOURCE.normal(url) is None:
            raise click.BadParameter(f"{RESOURCE.accepts} is expected", param_hint="--url")
        has_login = not has_token
    else:
        settings = open_settings(config, checks=FOR_ADMINISTRATION, log_level="error")
        url, has_login = _find_url(settings), settings.oauth.enabled
        token_file = _find_token_file(config)
    default: Shell = "powershell" if os.name == "nt" else "sh"
    address = GatewayAddress(
        url=url, has_login=has_login, shell=shell or default, token_file=token_file
    )
    click.echo(describe_client(client, address), nl=False)
    sys.stdout.flush()


def _write_bundle(path: Path, config: Path | None) -> None:
    """Write the bundle; what the settings say, if there are any, is already in its form."""
    defaults = BundleDefaults()
    if config is not None or _has_settings():
        settings = open_settings(config, checks=FOR_ADMINISTRATION, log_level="error")
        defaults = BundleDefaults(
            base_url=settings.onec.base_url,
            backend=settings.onec.backend,
            username=settings.onec.auth.username or "",
            scopes=settings.mcp.scopes,
        )
    try:
        write_bundle(path, defaults)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    say("Wrote {path}", path=path.absolute())
    say(
        "Claude Desktop installs it: Settings → Extensions → Advanced settings → Install Extension."
    )
    say(
        "It starts {program}, so it is for computers that have onecgw in that place.",
        program=sys.executable,
    )


def _has_settings() -> bool:
    try:
        find_config(None, os.environ, Path.cwd())
    except ConfigError:
        return False
    return True


def _find_token_file(config: Path | None) -> str:
    """The file of the static token, if this person may read it; "" if not, or there is none."""
    path = find_config(config, os.environ, Path.cwd())
    given = read_sources(path, os.environ).values.get("mcp.bearer_token")
    file = given.file if given is not None else None
    return str(file.absolute()) if file is not None and os.access(file, os.R_OK) else ""


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
