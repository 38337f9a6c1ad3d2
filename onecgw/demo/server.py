"""The demo 1C on a socket, served by Hypercorn connection by connection."""

import logging
import socket
from typing import Final

import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState, Framework
from hypercorn.utils import wrap_app

from onecgw.demo.resettable_stream import CURRENT_CONNECTION, ResettableStream

log = logging.getLogger(__name__)

_BACKLOG: Final = 512


async def serve_demo_onec(
    app: Framework,
    *,
    host: str,
    port: int,
    task_status: "trio.TaskStatus[str]" = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled.

    Args:
        app: what build_demo_app or build_odata_app made.
        host: the address to bind.
        port: the port, 0 = a free one.
        task_status: gets the base URL as soon as connections are accepted.

    Raises:
        OSError: the address cannot be bound.
    """
    config = Config()
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    context = WorkerContext(None)

    async def serve_connection(stream: trio.SocketStream) -> None:
        connection = ResettableStream(stream)
        CURRENT_CONNECTION.set(connection)
        try:
            # Annotated as an SSL stream; any stream that has a socket works.
            await TCPServer(wrapped, config, context, ConnectionState({}), connection)  # type: ignore[arg-type]
        except Exception:
            # One connection must not end the server: Hypercorn 0.18 raises on some malformed bytes.
            log.warning("demo.connection_failed", exc_info=True)

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    bound_port: int = listener.getsockname()[1]
    shown_host = f"[{host}]" if ":" in host else host
    task_status.started(f"http://{shown_host}:{bound_port}")
    await trio.serve_listeners(
        serve_connection, [trio.SocketListener(trio.socket.from_stdlib_socket(listener))]
    )
