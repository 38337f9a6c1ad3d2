"""Serve the gateway over HTTP until a signal."""

import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import attrs
import trio

from onecgw import __version__
from onecgw.app.control import serve_control
from onecgw.app.process_tuning import set_up_collector, tune_process
from onecgw.app.reload import Reloadable, Reloader
from onecgw.app.workers import WorkerPool
from onecgw.serving import require_free_port, reserve_port
from onecgw.settings import Settings

log = logging.getLogger(__name__)

# Windows has no SIGHUP, and SIGBREAK is what a service manager there sends.
RELOAD_SIGNAL: Final = getattr(signal, "SIGHUP", None)
STOP_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)
)

ReadSettings = Callable[[], Settings]


async def serve_gateway(
    settings: Settings,
    *,
    settings_file: Path | None = None,
    read_settings: ReadSettings | None = None,
    port_option: str = "server.port",
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then wait for running calls and close everything.

    Args:
        settings: the whole configuration.
        settings_file: where it was read, for the log; None: there is no file.
        read_settings: reads it again, at SIGHUP and for `onecgw reload`; None: it is never read
            again.
        port_option: what changes the port, for the message about one that is taken.
        announce: called with the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound, or the settings cannot be used.
    """
    tune_process()
    require_free_port(settings.server.host, settings.server.port, option=port_option)
    settings = _with_possible_workers(settings)
    if read_settings is not None and RELOAD_SIGNAL is not None:
        signal.signal(RELOAD_SIGNAL, signal.SIG_IGN)  # until everything is open

    def started(url: str) -> None:
        fields = {
            "url": url,
            "version": __version__,
            "settings": str(settings_file.absolute()) if settings_file else "environment",
            "database": str(settings.database.path.absolute()),
            "backend": settings.onec.base_url,
            "workers": settings.server.workers,
        }
        set_up_collector()
        log.info("serve.started", extra={"fields": fields})
        announce(url)

    async def wait_stop(served: Reloadable) -> None:
        if read_settings is None:
            await wait_signal()
            return
        reloader = Reloader(served, lambda: _with_possible_workers(read_settings()))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_control, settings, reloader.reload)
            await wait_signal(reloader.reload)
            nursery.cancel_scope.cancel()

    if settings.server.workers > 1:
        await _serve_workers(settings, wait_stop=wait_stop, announce=started)
    else:
        # A process that only watches its workers does not load what answers calls: 25 MB. Imported
        # objects are never freed: looking for garbage among them is a tenth of the start.
        gc.disable()
        from onecgw.app.serve_process import serve_alone  # noqa: PLC0415

        gc.enable()
        await serve_alone(settings, wait_stop=wait_stop, announce=started)
    log.info("serve.stopped")


async def _serve_workers(
    settings: Settings,
    *,
    wait_stop: Callable[[Reloadable], Awaitable[None]],
    announce: Callable[[str], None],
) -> None:
    with reserve_port(settings.server.host, settings.server.port) as reserved:
        async with trio.open_nursery() as nursery:
            pool = WorkerPool(nursery, settings, port=reserved.getsockname()[1])
            announce(await pool.start())
            await wait_stop(pool)
            await pool.stop()
            nursery.cancel_scope.cancel()


def _with_possible_workers(settings: Settings) -> Settings:
    """Return the settings with one worker where processes cannot share a port."""
    if settings.server.workers == 1 or hasattr(socket, "SO_REUSEPORT"):
        return settings
    fields = {"workers": settings.server.workers, "reason": "this system has no SO_REUSEPORT"}
    log.warning("serve.one_worker", extra={"fields": fields})
    return attrs.evolve(settings, server=attrs.evolve(settings.server, workers=1))


async def wait_signal(reload: Callable[[], Awaitable[object]] | None = None) -> None:
    """Return at the first signal to stop. reload: called at each SIGHUP; None: SIGHUP ends."""
    numbers = STOP_SIGNALS
    if reload is not None and RELOAD_SIGNAL is not None:
        numbers = (*numbers, RELOAD_SIGNAL)
    with trio.open_signal_receiver(*numbers) as signals:
        async for number in signals:
            if reload is not None and number == RELOAD_SIGNAL:
                await reload()
                continue
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
