"""The listening socket, its connections, and how they are stopped."""

import itertools
import logging
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import perf_counter
from typing import Any, Final

import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import wrap_app

from onecgw.errors import ConfigError
from onecgw.serving.budget import ClientBudgets, ConnectionBudget
from onecgw.serving.connection import ClientConnection, ServedApp
from onecgw.serving.tls import ReadContext, TlsStream

log = logging.getLogger(__name__)

BACKLOG: Final = 4_096  # a burst of connections from one address must not delay others
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
# After a stop, for requests whose caller is not known, for example the steps of a login.
STRANGER_GRACE_SECONDS: Final = 0.5


async def serve_app(
    app: Any,  # noqa: ANN401 - an ASGI application; Hypercorn's type for it is private
    *,
    host: str,
    port: int,
    grace_seconds: int,
    max_connections: int = MAX_CONNECTIONS,
    trusted_proxies: Sequence[str] = (),
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
        tls: read for each connection; None: without TLS.
        shares_port: whether other processes of this user listen on the port as well.
        wait_stop: returns when the server is to stop.
        announce: called with the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound.
    """
    listener = _listen(host, port, shares_port=shares_port)
    bound_port: int = listener.getsockname()[1]
    shown_host = f"[{host}]" if ":" in host else host
    scheme = "http" if tls is None else "https"
    config = _configure()
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    lifespan = Lifespan(wrapped, config, {})
    budgets = ClientBudgets(trusted_proxies)
    served = ServedApp(http1=app, http2=wrapped, config=config, context=WorkerContext(None))
    connections_open = _OpenConnections(served, budgets, max_connections=max_connections, tls=tls)
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


class _OpenConnections:
    """The open connections."""

    def __init__(
        self,
        app: ServedApp,
        budgets: ClientBudgets,
        *,
        max_connections: int,
        tls: ReadContext | None,
    ) -> None:
        self._app = app
        self._budgets = budgets
        self._max_connections = max_connections
        self._tls = tls
        self._address_share = max(max_connections // ADDRESS_SHARE, MIN_ADDRESS_CONNECTIONS)
        self._open: dict[ClientConnection, None] = {}
        self._one_ended = trio.Event()

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
                except BlockingIOError:
                    pass  # all were accepted
                except ConnectionAbortedError:
                    pass  # that client has disconnected
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
            stream: trio.SocketStream | TlsStream
            stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
            if self._tls is not None:
                stream = TlsStream(stream, self._tls())
            connection = ClientConnection(self._app, stream, sock, budget)
            self._open[connection] = None
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

        Other requests have STRANGER_GRACE_SECONDS after that.
        """
        await self._app.context.terminated.set()
        for connection in self._open:
            connection.stop()
        while self._open:
            with trio.move_on_after(STRANGER_GRACE_SECONDS):
                while self._open:
                    await self._one_ended.wait()
            if not any(connection.is_serving for connection in self._open):
                return
            while any(connection.is_serving for connection in self._open):
                await self._one_ended.wait()

    def abort(self) -> None:
        """Stop sending on every connection."""
        for connection in self._open:
            connection.abort()


def _evict_first(connections: Iterable[ClientConnection]) -> bool:
    """End the first connection that is waiting; return False if there is none."""
    waiting = next((connection for connection in connections if connection.is_waiting), None)
    if waiting is not None:
        waiting.evict()
    return waiting is not None


def find_free_port(host: str) -> int:
    """Return a free port, for a server whose settings must contain its own address."""
    with _listen(host, 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def require_free_port(host: str, port: int, *, option: str) -> None:
    """Check that a port can be bound, before anything is built that takes time.

    Args:
        host: the address to bind.
        port: 0: a free one, which is always there.
        option: what changes the port, for the message.

    Raises:
        ConfigError: it cannot be bound.
    """
    try:
        _listen(host, port).close()
    except ConfigError as error:
        raise ConfigError(f"{error}. Another port can be given with {option}") from error


def _configure() -> Config:
    config = Config()
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)
    # When Hypercorn ends an HTTP/2 connection, it loses the running responses.
    config.keep_alive_max_requests = sys.maxsize
    return config


def reserve_port(host: str, port: int) -> socket.socket:
    """Bind a port for processes that listen on it with `shares_port`, and do not listen.

    Raises:
        ConfigError: it cannot be bound.
    """
    # With SO_REUSEPORT alone, a second gateway of the same user would get half of the connections.
    _listen(host, port).close()
    reserved = socket.socket(_family(host))
    try:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            reserved.setsockopt(socket.SOL_SOCKET, option, 1)
        reserved.bind((host, port))
    except OSError as error:
        reserved.close()
        raise ConfigError(f"cannot listen on {host} port {port}: {error}") from error
    return reserved


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _listen(host: str, port: int, *, shares_port: bool = False) -> socket.socket:
    try:
        listener = socket.create_server(
            (host, port), family=_family(host), backlog=BACKLOG, reuse_port=shares_port
        )
    except (OSError, OverflowError) as error:
        raise ConfigError(f"cannot listen on {host} port {port}: {error}") from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
