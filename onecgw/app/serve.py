"""Serve the gateway over HTTP until a signal."""

import logging
import signal
from collections.abc import Callable

import trio

from onecgw.app.lifespan import open_application
from onecgw.serving import serve_app
from onecgw.settings import Settings
from onecgw.web.app import build_app

log = logging.getLogger(__name__)


async def serve_gateway(
    settings: Settings, *, announce: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until SIGTERM or SIGINT, then wait for running calls and close everything.

    Args:
        settings: the whole configuration.
        announce: called with the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def started(url: str) -> None:
        log.info("serve.started", extra={"fields": {"url": url}})
        announce(url)

    async with open_application(settings) as application:

        async def wait_stop() -> None:
            await wait_signal()
            # Close subscription streams first; otherwise they use up the grace period.
            application.engine.subscriptions.close()

        await serve_app(
            build_app(
                settings,
                application.gateway,
                application.engine,
                authorization_server=application.authorization_server,
                check_readiness=application.readiness,
            ),
            host=settings.server.host,
            port=settings.server.port,
            grace_seconds=settings.shutdown_grace_seconds,
            max_connections=settings.server.max_connections,
            wait_stop=wait_stop,
            announce=started,
        )
    log.info("serve.stopped")


async def wait_signal() -> None:
    """Return at the first SIGTERM or SIGINT."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
