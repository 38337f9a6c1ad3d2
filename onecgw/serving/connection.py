"""One client connection; an error on it ends only this connection."""

import logging
from contextlib import suppress
from typing import Final

import attrs
import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper

from onecgw.errors import leaves
from onecgw.serving.budget import ConnectionBudget
from onecgw.serving.client_stream import READ_BYTES_IN_TURN, ClientStream
from onecgw.serving.http1 import Http1
from onecgw.serving.http1_request import Application
from onecgw.serving.http2_connection import Http2Connection
from onecgw.serving.tls import HANDSHAKE_SECONDS, HANDSHAKE_UNITS, TlsStream
from onecgw.serving.turns import BudgetExhausted
from onecgw.serving.unsent import UnsentAnswers

log = logging.getLogger(__name__)

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # of HTTP/2; RFC 9113, 3.4


@attrs.frozen(kw_only=True)
class ServedApp:
    """What all connections of a server serve.

    http1: the application. http2: the same, as Hypercorn calls it, with Hypercorn's settings and
    the context that says to it whether the server is stopping. unsent: what answers have left to
    send.
    """

    http1: Application
    http2: AppWrapper
    config: Config
    context: WorkerContext
    unsent: UnsentAnswers


@attrs.frozen(eq=False)
class ClientConnection:
    """Serves one accepted stream; its first bytes say whether it is HTTP/1.1 or HTTP/2.

    app: what is served.
    tls: the stream before its handshake; None: without TLS.
    stream: the bytes.
    budget: counts the work that the client causes.
    """

    _app: ServedApp
    _tls: TlsStream | None
    stream: ClientStream
    budget: ConnectionBudget

    async def run(self) -> None:
        """Serve the connection until it ends. Raises nothing but cancellation."""
        protocol: Http1 | Http2Connection | None = None
        try:
            if await self._shake_hands() and (data := await self._read_beginning()):
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
            await self.stream.aclose()
            if self._tls is not None:
                self._tls.release()

    @property
    def is_waiting(self) -> bool:
        """Whether no request of a known caller is running, and the connection is not closing."""
        return not self.is_serving and not self.stream.is_closing

    @property
    def is_serving(self) -> bool:
        """Whether a request is running and the caller is known."""
        return self.budget.is_known and not self.stream.is_idle

    async def _shake_hands(self) -> bool:
        """Begin TLS, if the stream has it; return False if that failed or took too long.

        What ALPN has chosen, the client shows by its first bytes.
        """
        if self._tls is None:
            return True
        self.budget.charge(HANDSHAKE_UNITS)
        with (
            suppress(trio.BrokenResourceError, trio.ClosedResourceError),
            self.stream.limit_reading(),
            trio.move_on_after(HANDSHAKE_SECONDS),
        ):
            await self.budget.wait_turn()
            return await self._tls.shake_hands()
        return False

    async def _read_beginning(self) -> bytes:
        """Return the first bytes, enough to tell the protocols apart; b"" if there are none."""
        data = b""
        while len(data) < len(PREFACE) and PREFACE.startswith(data):
            received = b""
            with self.stream.limit_reading():
                received = await self.stream.receive(READ_BYTES_IN_TURN)
            if not received:
                return b""
            data += received
        return data

    def _speak(self, *, is_http2: bool) -> Http1 | Http2Connection:
        stream, budget = self.stream, self.budget
        if is_http2:
            app = self._app
            return Http2Connection(app.http2, app.config, app.context, stream, budget)
        return Http1(self._app.http1, stream, budget)
