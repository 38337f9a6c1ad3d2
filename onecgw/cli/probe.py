"""`onecgw probe`: whether the gateway of these settings answers, for containers and monitors."""

import http.client
import ipaddress
import ssl
import sys
from pathlib import Path
from typing import Final

import click

from onecgw.app.startup import open_settings
from onecgw.cli.options import EXIT_FAILED, config_option, examples
from onecgw.errors import ConfigError
from onecgw.settings import ServerSettings

OK: Final = 200
SECONDS: Final = 4


@click.command(epilog=examples("onecgw probe", "onecgw probe --ready --config /etc/onecgw.yml"))
@config_option
@click.option("--ready", is_flag=True, help="Also whether calls can be answered (/readyz).")
def probe(config: Path | None, *, ready: bool) -> None:
    """Ask the gateway on this computer whether it lives; exit with 1 if it does not."""
    server = open_settings(config, log_level="error").server
    path = "/readyz" if ready else "/livez"
    if not server.port:
        raise ConfigError("server.port: 0; a port is expected: a free one cannot be found again")
    try:
        status, body = _ask(server, path)
    except (OSError, http.client.HTTPException) as error:
        click.echo(f"no answer on {_address(server)} port {server.port}: {error}", err=True)
        sys.exit(EXIT_FAILED)
    click.echo(body)
    sys.exit(0 if status == OK else EXIT_FAILED)


def _ask(server: ServerSettings, path: str) -> tuple[int, str]:
    address = _address(server)
    connection = http.client.HTTPConnection(address, server.port, timeout=SECONDS)
    if server.tls.cert is not None:
        # The certificate is that of the public name. Nothing secret is sent, and the other end is
        # on this computer.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            address, server.port, timeout=SECONDS, context=context
        )
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def _address(server: ServerSettings) -> str:
    """The address on which this computer reaches the gateway."""
    try:
        listens_on = ipaddress.ip_address(server.host)
    except ValueError:  # a name
        return server.host
    if not listens_on.is_unspecified:
        return server.host
    return "127.0.0.1" if listens_on.version == 4 else "::1"  # noqa: PLR2004 - of the protocol
