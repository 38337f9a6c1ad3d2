"""`onecgw serve`: everything is opened, served until a signal, and closed in order."""

import logging
import signal
from collections.abc import Callable

import trio

from onecgw.house import open_house
from onecgw.serving import serve_app
from onecgw.settings import Settings
from onecgw.web.app import build_app

log = logging.getLogger(__name__)


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

    async with open_house(settings) as house:

        async def wait_stop() -> None:
            await wait_signal()
            # Else the streams that listen for changes would take all of the grace.
            house.engine.hub.close()

        await serve_app(
            build_app(settings, house.gateway, house.engine, site=house.site, look=house.look),
            host=settings.server.host,
            port=settings.server.port,
            grace_seconds=settings.shutdown_grace_seconds,
            wait_stop=wait_stop,
            announce=started,
        )
    log.info("serve.stopped")


async def wait_signal() -> None:
    """Return when the process is told to stop."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
