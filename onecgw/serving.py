"""An ASGI application on a socket: the only room that knows Hypercorn."""

import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.trio import serve

from onecgw.errors import ConfigError

BACKLOG = 512


async def serve_app(
    app: Any,  # noqa: ANN401 - an ASGI application; Hypercorn's type for it is private
    *,
    host: str,
    port: int,
    grace_seconds: int,
    wait_stop: Callable[[], Awaitable[None]] = trio.sleep_forever,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve HTTP/1.1 and HTTP/2 until wait_stop returns; then let running calls end.

    Args:
        app: the ASGI application.
        host: the address to bind.
        port: the port, 0 = a free one.
        grace_seconds: how long running calls may go on after the stop.
        wait_stop: returns when the server is to stop.
        announce: told the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound.
    """
    listener = _listen(host, port)
    bound_port: int = listener.getsockname()[1]
    shown_host = f"[{host}]" if ":" in host else host
    config = Config()
    # The socket is Hypercorn's from here on: it closes it.
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = grace_seconds
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)
    announce(f"http://{shown_host}:{bound_port}")
    await serve(app, config, shutdown_trigger=wait_stop, mode="asgi")


def find_free_port(host: str) -> int:
    """A port that nobody listens on at this moment, for what must know its own address."""
    with _listen(host, 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"cannot listen on {host} port {port}: {error}") from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
