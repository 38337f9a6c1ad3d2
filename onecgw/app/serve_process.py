"""Serve the gateway in this process: its sockets, its application, its counters."""

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from onecgw.app.lifespan import ProcessState
from onecgw.app.process_tuning import return_memory
from onecgw.app.served import ServedGateway
from onecgw.app.tracing import open_tracer
from onecgw.serving import serve_app
from onecgw.settings import Settings

UNSENT_SHARE: Final = 4
"""Answers that wait until their clients read may take a fourth of the memory of 1C's answers."""


async def serve_alone(
    settings: Settings,
    *,
    wait_stop: Callable[[ServedGateway], Awaitable[None]],
    announce: Callable[[str], None],
) -> None:
    """Serve as the only process; the arguments are those of serve_process."""
    with open_tracer(settings.tracing) as tracer:
        state = ProcessState(tracer=tracer)
        await serve_process(settings, state, wait_stop=wait_stop, announce=announce)


async def serve_process(
    settings: Settings,
    state: ProcessState,
    *,
    wait_stop: Callable[[ServedGateway], Awaitable[None]],
    announce: Callable[[str], None],
) -> None:
    """Serve until wait_stop returns, then wait for running calls and close everything.

    Args:
        settings: the whole configuration.
        state: of this process.
        wait_stop: called with what is served, whose settings it may exchange; returns when the
            process is to stop.
        announce: called with the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound, or the settings cannot be used.
    """
    server = settings.server
    async with trio.open_nursery() as applications:
        served = ServedGateway(applications, state)
        await served.exchange(settings)

        async def wait_until_stop() -> None:
            await wait_stop(served)
            served.close_streams()

        async with trio.open_nursery() as counters:
            counters.start_soon(state.metrics.measure_lag)
            await serve_app(
                served,
                host=server.host,
                port=server.port,
                grace_seconds=settings.shutdown_grace_seconds,
                max_connections=server.max_connections,
                trusted_proxies=server.trusted_proxies,
                max_unsent_bytes=settings.onec.max_memory_bytes // UNSENT_SHARE,
                on_burst_end=return_memory,
                tls=served.read_tls if server.tls.cert is not None else None,
                shares_port=server.workers > 1,
                wait_stop=wait_until_stop,
                announce=announce,
            )
            counters.cancel_scope.cancel()
        served.close()
