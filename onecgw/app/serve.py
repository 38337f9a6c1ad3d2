"""Serve the gateway over HTTP until a signal."""

import gc
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

import trio

from onecgw import __version__
from onecgw.app.heap import tune_heap
from onecgw.app.lifespan import open_application
from onecgw.serving import require_free_port, serve_app
from onecgw.settings import Settings
from onecgw.web.app import build_app

log = logging.getLogger(__name__)

# New objects before a collection of the youngest, then collections before one of the next older.
COLLECTOR_THRESHOLDS: Final = (20_000, 20, 50)


async def serve_gateway(
    settings: Settings,
    *,
    settings_file: Path | None = None,
    port_option: str = "server.port",
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then wait for running calls and close everything.

    Args:
        settings: the whole configuration.
        settings_file: where it was read, for the log; None: there is no file.
        port_option: what changes the port, for the message about one that is taken.
        announce: called with the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound.
    """
    tune_heap()
    require_free_port(settings.server.host, settings.server.port, option=port_option)

    def started(url: str) -> None:
        fields = {
            "url": url,
            "version": __version__,
            "settings": str(settings_file.absolute()) if settings_file else "environment",
            "database": str(settings.database.path.absolute()),
            "backend": settings.onec.base_url,
        }
        _set_up_collector()
        log.info("serve.started", extra={"fields": fields})
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
                render_metrics=application.metrics.render,
            ),
            host=settings.server.host,
            port=settings.server.port,
            grace_seconds=settings.shutdown_grace_seconds,
            max_connections=settings.server.max_connections,
            trusted_proxies=settings.server.trusted_proxies,
            wait_stop=wait_stop,
            announce=started,
        )
    log.info("serve.stopped")


def _set_up_collector() -> None:
    """Leave what the start has made out of all collections of the garbage collector.

    A collection of the oldest generation looked at 300 000 objects that never go away, and one of
    the youngest came several times in each call.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def wait_signal() -> None:
    """Return at the first SIGTERM or SIGINT."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
