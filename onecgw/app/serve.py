"""`onecgw serve`: everything is opened, served until a signal, and closed in order."""

import logging
import signal
from collections.abc import Callable
from typing import Final

import trio

from onecgw.app.lifespan import open_application
from onecgw.app.stdio import serve_process
from onecgw.auth.caller import Caller
from onecgw.serving import serve_app
from onecgw.settings import Settings
from onecgw.web.app import build_app

log = logging.getLogger(__name__)

STDIO_SUB: Final = "stdio"  # the caller that has started the process


async def serve_gateway(
    settings: Settings, *, announce: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until SIGTERM or SIGINT; running calls may end, then everything is closed.

    Args:
        settings: the whole configuration.
        announce: told the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def started(url: str) -> None:
        log.info("serve.started", extra={"fields": {"url": url}})
        announce(url)

    async with open_application(settings) as application:

        async def wait_stop() -> None:
            await wait_signal()
            # Else the streams that listen for changes would take all of the grace.
            application.engine.subscriptions.close()

        await serve_app(
            build_app(
                settings,
                application.gateway,
                application.engine,
                site=application.site,
                look=application.readiness,
            ),
            host=settings.server.host,
            port=settings.server.port,
            grace_seconds=settings.shutdown_grace_seconds,
            max_connections=settings.server.max_connections,
            wait_stop=wait_stop,
            announce=started,
        )
    log.info("serve.stopped")


async def serve_own_client(settings: Settings) -> None:
    """Serve the client that has started this process, on stdin and stdout, until stdin ends.

    It runs under mcp.scopes: whoever may start the process may read its settings.

    Raises:
        ConfigError: the database or the secrets file cannot be used.
    """
    async with open_application(settings) as application:
        caller = Caller(sub=STDIO_SUB, scopes=frozenset(settings.mcp.scopes))
        await serve_process(application.engine, caller)


async def wait_signal() -> None:
    """Return when the process is told to stop."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
