"""Serve the gateway in this process: its sockets, its application, its counters."""

from collections.abc import Awaitable, Callable

import trio

from onecgw.app.lifespan import ProcessState
from onecgw.app.served import ServedGateway
from onecgw.serving import serve_app
from onecgw.settings import Settings


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
                tls=served.read_tls if server.tls.cert is not None else None,
                shares_port=server.workers > 1,
                wait_stop=wait_until_stop,
                announce=announce,
            )
            counters.cancel_scope.cancel()
        served.close()
