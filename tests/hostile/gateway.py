"""The gateway under attack: a process of its own, in front of a 1C that answers at once."""

import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from onecgw.app.serve import serve_gateway
from onecgw.app.serve_demo import DEMO_API_TOKEN, demo_settings, with_oauth
from onecgw.observability.logging import set_up_logging
from onecgw.settings import LimitsSettings, Settings
from tests.bench.onec import report
from tests.hostile.shapes import PROXY

CALL: Final = (
    b"POST /reports/stock HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer %b\r\nContent-Length: 2\r\n\r\n{}" % DEMO_API_TOKEN.encode()
)
"""A call of a known caller."""


async def serve_onec(task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
    """Serve a 1C that answers at once; started with its URL."""
    answer = report(20)

    async def respond(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            while data := await stream.receive_some():
                for _ in range(data.count(b"\r\n\r\n")):
                    await stream.send_all(answer)

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    task_status.started(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}")
    await trio.serve_listeners(respond, listeners)


def make_settings(
    onec_url: str, folder: Path, *, password: str, certificate: Path | None = None
) -> Settings:
    """Return the settings of a gateway with OAuth and REST.

    folder: for its database. certificate: with its key, for TLS; None: without TLS.
    """
    settings = with_oauth(demo_settings(base_url=onec_url, port=0, password=password), folder)
    return attrs.evolve(
        settings,
        limits=LimitsSettings(calls_per_minute=0),
        server=attrs.evolve(
            settings.server,
            trusted_proxies=PROXY,
            tls=attrs.evolve(settings.server.tls, cert=certificate, key=certificate),
        ),
    )


async def serve(folder: Path, certificate: Path | None = None) -> None:
    """Serve until SIGTERM, over TLS if there is a certificate; the URL is printed."""
    set_up_logging(level="info", log_format="text")
    async with trio.open_nursery() as nursery:
        onec_url = await nursery.start(serve_onec)
        settings = make_settings(
            onec_url, folder, password="hostile-password", certificate=certificate
        )
        await serve_gateway(settings, announce=partial(print, flush=True))
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(partial(serve, *map(Path, sys.argv[1:])))
