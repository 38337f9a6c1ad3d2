"""One client connection; an error on it ends only this connection."""

import logging
import socket
from typing import Any, Final

import attrs
import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper
from hypercorn.utils import parse_socket_addr

from onecgw.errors import leaves
from onecgw.serving.budget import BudgetExhausted, ConnectionBudget
from onecgw.serving.client_stream import ClientStream
from onecgw.serving.endpoints import Endpoints
from onecgw.serving.http1 import Http1
from onecgw.serving.http1_request import Application
from onecgw.serving.http2_connection import Http2Connection

log = logging.getLogger(__name__)

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # of HTTP/2; RFC 9113, 3.4


@attrs.frozen(kw_only=True)
class ServedApp:
    """What all connections of a server serve.

    http1: the application. http2: the same, as Hypercorn calls it, with Hypercorn's settings and
    the context that says to it whether the server is stopping.
    """

    http1: Application
    http2: AppWrapper
    config: Config
    context: WorkerContext


class ClientConnection:
    """Serves one accepted stream; its first bytes say whether it is HTTP/1.1 or HTTP/2.

    Args:
        app: what is served.
        stream: the bytes.
        sock: the socket of the stream.
        budget: counts the work that the client causes.
    """

    def __init__(
        self,
        app: ServedApp,
        stream: trio.abc.HalfCloseableStream,
        sock: socket.socket,
        budget: ConnectionBudget,
    ) -> None:
        self.budget = budget
        self._app = app
        self._stream = ClientStream(stream, sock)

    async def run(self) -> None:
        """Serve the connection until it ends. Raises nothing but cancellation."""
        protocol: Http1 | Http2Connection | None = None
        try:
            if data := await self._read_beginning():
                protocol = self._speak(is_http2=data.startswith(PREFACE))
                await protocol.run(data)
        except* OSError:
            pass  # the client has disconnected
        except* BudgetExhausted:
            pass  # it is not worth a line: an attack would write many
        except* Exception as group:  # logged, and only this connection ends
            classes = sorted({type(error).__name__ for error in leaves(group)})
            fields = {"protocol": type(protocol).__name__, "errors": " ".join(classes)}
            log.warning(
                "serving.connection_failed",
                exc_info=True,
                extra={"fields": fields, "is_anonymous": True},
            )
        finally:
            self.budget.close()
            await self._stream.aclose()

    @property
    def is_waiting(self) -> bool:
        """Whether no request of a known caller is running, and the connection is not closing."""
        return not self.is_serving and not self._stream.is_closing

    @property
    def is_serving(self) -> bool:
        """Whether a request is running and the caller is known."""
        return self.budget.is_known and not self._stream.is_idle

    def evict(self) -> None:
        """End a connection that is waiting, to make room for another."""
        self._stream.close()
        self._stream.abort()

    def stop(self) -> None:
        """Close as soon as no request is running; the context is already marked as stopping."""
        self._stream.stop()

    def abort(self) -> None:
        """Stop sending. Everything else is ended by cancellation."""
        self._stream.abort()

    async def _read_beginning(self) -> bytes:
        """Return the first bytes, enough to tell the protocols apart; b"" if there are none."""
        data = b""
        while len(data) < len(PREFACE) and PREFACE.startswith(data):
            received = b""
            with self._stream.limit_reading():
                received = await self._stream.receive()
            if not received:
                return b""
            data += received
        return data

    def _speak(self, *, is_http2: bool) -> Http1 | Http2Connection:
        sock = self._stream.socket
        endpoints = Endpoints(
            scheme="http",
            client=parse_socket_addr(sock.family, sock.getpeername()),
            server=parse_socket_addr(sock.family, sock.getsockname()),
        )
        common: Any = {"stream": self._stream, "endpoints": endpoints, "budget": self.budget}
        if is_http2:
            return Http2Connection(self._app.http2, self._app.config, self._app.context, **common)
        return Http1(self._app.http1, **common)
