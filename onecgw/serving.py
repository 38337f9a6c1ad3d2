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
LAST_FRAME_SECONDS = 0.1  # after the last answer's body, for the frame that ends it


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
    streams = _Streams(app)

    async def wait_stopped() -> None:
        await wait_stop()
        await streams.drain(grace_seconds)

    served: Any = streams
    await serve(served, config, shutdown_trigger=wait_stopped, mode="asgi")


class _Streams:
    """The application, and how many HTTP/2 requests it is answering.

    Hypercorn 0.18 says GOAWAY as soon as the last answer of a stopping connection is handed over,
    before the frame that ends it is out (H2Protocol.stream_send), and clients take that for a
    broken answer. So it is told to stop when none is being answered; new ones are turned away.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - see serve_app
        self._app = app
        self._running = 0
        self._is_draining = False
        self._none_runs = trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "http" or scope["http_version"] != "2":
            await self._app(scope, receive, send)
            return
        if self._is_draining:
            headers = [(b"retry-after", b"1"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1
            if not self._running:
                self._none_runs.set()

    async def drain(self, grace_seconds: float) -> None:
        """Return when no answer is on its way, at the latest after the grace."""
        self._is_draining = True
        if self._running:
            self._none_runs = trio.Event()
            with trio.move_on_after(grace_seconds):
                await self._none_runs.wait()
            await trio.sleep(LAST_FRAME_SECONDS)


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
