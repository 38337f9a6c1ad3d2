"""The listening socket, its connections, and how they are stopped."""

import itertools
import logging
import math
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import perf_counter
from typing import Any, Final

import attrs
import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import wrap_app

from onecgw.serving.budget import ClientBudgets, ConnectionBudget
from onecgw.serving.client_stream import ClientStream
from onecgw.serving.connection import ClientConnection, ServedApp
from onecgw.serving.listener import listen
from onecgw.serving.tls import ReadContext, TlsStream
from onecgw.serving.unsent import UnsentAnswers

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 1_000
# One address may have a tenth of the connections without a known caller, but not less than this.
ADDRESS_SHARE: Final = 10
ACCEPTED_AT_ONCE: Final = 8
# Of the time since the last look, for connections beyond these. With a fixed number, callers that
# have a connection would hold up the others: the more of them there are, the rarer are the looks.
ACCEPT_SHARE: Final = 0.1
MAX_ACCEPT_SECONDS: Final = 0.05  # no caller waits longer for that
ACCEPT_PAUSE_SECONDS: Final = 0.1  # after a failure that does not go away at once
MIN_ADDRESS_CONNECTIONS: Final = 20
BURST_CONNECTIONS: Final = 200
# After a stop, for requests whose caller is not known, for example the steps of a login.
UNKNOWN_GRACE_SECONDS: Final = 0.5


async def serve_app(
    app: Any,  # noqa: ANN401 - an ASGI application; Hypercorn's type for it is private
    *,
    host: str,
    port: int,
    grace_seconds: int,
    max_connections: int = MAX_CONNECTIONS,
    trusted_proxies: Sequence[str] = (),
    max_unsent_bytes: float = math.inf,
    on_burst_end: Callable[[], None] = lambda: None,
    tls: ReadContext | None = None,
    shares_port: bool = False,
    wait_stop: Callable[[], Awaitable[None]] = trio.sleep_forever,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve HTTP/1.1 and HTTP/2 until wait_stop returns, then wait for running requests.

    Args:
        app: the ASGI application.
        host: the address to bind.
        port: the port to bind; 0: a free one.
        grace_seconds: how long running requests may continue after the stop.
        max_connections: the most connections at a time. One address may have a tenth of them as
            long as no caller on them is known.
        trusted_proxies: addresses and networks of proxies, which carry many clients.
        max_unsent_bytes: of all answers that wait until their clients read them.
        on_burst_end: called when BURST_CONNECTIONS fewer connections are open than before.
        tls: read for each connection; None: without TLS.
        shares_port: whether other processes of this user listen on the port as well.
        wait_stop: returns when the server is to stop.
        announce: called with the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound.
    """
    listener = listen(host, port, shares_port=shares_port)
    bound_port: int = listener.getsockname()[1]
    shown_host = f"[{host}]" if ":" in host else host
    scheme = "http" if tls is None else "https"
    config = _configure()
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    lifespan = Lifespan(wrapped, config, {})
    budgets = ClientBudgets(trusted_proxies)
    served = ServedApp(
        http1=app,
        http2=wrapped,
        config=config,
        context=WorkerContext(None),
        unsent=UnsentAnswers(max_unsent_bytes),
    )
    connections_open = _OpenConnections(
        served, budgets, max_connections=max_connections, tls=tls, on_burst_end=on_burst_end
    )
    async with trio.open_nursery() as lifetime:
        await lifetime.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as accepting:
                accepting.start_soon(connections_open.accept, listener, connections)
                announce(f"{scheme}://{shown_host}:{bound_port}")
                await wait_stop()
                accepting.cancel_scope.cancel()
            with trio.move_on_after(grace_seconds):
                await connections_open.end()
            connections_open.abort()
            connections.cancel_scope.cancel()
        await lifespan.wait_for_shutdown()
        lifetime.cancel_scope.cancel()


@attrs.define(eq=False)
class _OpenConnections:
    """The open connections."""

    _app: ServedApp
    _budgets: ClientBudgets
    _max_connections: int
    _tls: ReadContext | None
    _on_burst_end: Callable[[], None] = lambda: None
    _most_open: int = 0  # since the last burst
    _open: dict[ClientConnection, None] = attrs.field(factory=dict)
    _one_ended: trio.Event = attrs.field(factory=trio.Event)

    @property
    def _address_share(self) -> int:
        return max(self._max_connections // ADDRESS_SHARE, MIN_ADDRESS_CONNECTIONS)

    async def accept(self, listener: socket.socket, connections: trio.Nursery) -> None:
        """Accept connections until cancelled, each served in a task.

        Many are accepted at a time, and those that are rejected get no task: otherwise a burst of
        one address would delay the connections of all others by seconds.
        """
        listener.setblocking(False)
        with listener:
            paused_at = perf_counter()
            while True:
                await trio.lowlevel.wait_readable(listener)
                resumed_at = perf_counter()
                seconds = min((resumed_at - paused_at) * ACCEPT_SHARE, MAX_ACCEPT_SECONDS)
                try:
                    for accepted in itertools.count():
                        if accepted >= ACCEPTED_AT_ONCE and perf_counter() - resumed_at >= seconds:
                            break
                        self._begin(*listener.accept(), connections)
                except (BlockingIOError, ConnectionAbortedError):
                    pass  # all were accepted, or that client has disconnected
                except OSError as error:  # for example EMFILE: too many open files
                    log.error(  # noqa: TRY400 - the traceback says nothing more
                        "serving.accept_failed", extra={"fields": {"reason": error.strerror}}
                    )
                    await trio.sleep(ACCEPT_PAUSE_SECONDS)
                paused_at = perf_counter()

    def _begin(self, sock: socket.socket, peer: Any, connections: trio.Nursery) -> None:  # noqa: ANN401 - depends on the family
        budget = self._budgets.open(peer[0])
        if self._make_room(budget):
            budget.accept()
            plain = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
            tls = None if self._tls is None else TlsStream(plain, self._tls())
            stream = ClientStream(tls or plain, sock, self._app.unsent)
            connection = ClientConnection(self._app, tls, stream, budget)
            self._open[connection] = None
            self._most_open = max(self._most_open, len(self._open))
            connections.start_soon(self._serve, connection)
            return
        budget.close()
        sock.close()
        fields = {"connections": len(self._open)}
        log.warning("serving.connection_rejected", extra={"fields": fields, "is_anonymous": True})

    async def _serve(self, connection: ClientConnection) -> None:
        try:
            await connection.run()
        finally:
            del self._open[connection]
            if len(self._open) <= self._most_open - BURST_CONNECTIONS:
                self._most_open = len(self._open)
                self._on_burst_end()
            self._one_ended.set()
            self._one_ended = trio.Event()

    def _make_room(self, budget: ConnectionBudget) -> bool:
        """Close the oldest waiting connection if there are too many.

        Returns:
            Whether the connection of the budget can be served.
        """
        address = budget.address
        if address is not None and address.is_exhausted:
            return False
        if address is not None and address.connections > self._address_share:
            unknown = [
                connection
                for connection in self._open
                if connection.budget.address is address and not connection.budget.is_known
            ]
            if len(unknown) >= self._address_share:
                return _evict_first(unknown)
        return len(self._open) < self._max_connections or (
            _evict_first(one for one in self._open if not one.budget.is_known)
            or _evict_first(self._open)
        )

    async def end(self) -> None:
        """Wait until the running requests of known callers have been answered.

        Other requests have UNKNOWN_GRACE_SECONDS after that.
        """
        await self._app.context.terminated.set()
        for connection in self._open:
            connection.stream.stop()
        while self._open:
            with trio.move_on_after(UNKNOWN_GRACE_SECONDS):
                while self._open:
                    await self._one_ended.wait()
            if not any(connection.is_serving for connection in self._open):
                return
            while any(connection.is_serving for connection in self._open):
                await self._one_ended.wait()

    def abort(self) -> None:
        """Stop sending on every connection."""
        for connection in self._open:
            connection.stream.abort()


def _evict_first(connections: Iterable[ClientConnection]) -> bool:
    """End the first connection that is waiting; return False if there is none."""
    waiting = next((connection for connection in connections if connection.is_waiting), None)
    if waiting is not None:
        waiting.stream.evict()
    return waiting is not None


def _configure() -> Config:
    config = Config()
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)
    # When Hypercorn ends an HTTP/2 connection, it loses the running responses.
    config.keep_alive_max_requests = sys.maxsize
    return config
