"""The HTTP/1.1 of one connection: one task reads, and one answers request after request.

Runs for every request, so there is no task, channel, nursery or cancel scope per request, and what
is known of the connection is not computed again.
"""

import logging
from collections import deque
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import attrs
import trio

from onecgw.asgi_extensions import ADMIT
from onecgw.serving.budget import BYTES_PER_UNIT, CHUNKS_PER_UNIT, ConnectionBudget
from onecgw.serving.client_stream import READ_BYTES, READ_BYTES_IN_TURN, ClientStream
from onecgw.serving.header_limits import MAX_HEAD_BYTES, MAX_SYNTAX_BYTES
from onecgw.serving.http1_parser import Http1Parser
from onecgw.serving.http1_request import Application, Header, Http1Request, error_head

log = logging.getLogger(__name__)

MAX_BUFFERED_BYTES: Final = 64 * 1024  # of a body that the application has not received yet


@attrs.define(eq=False, slots=False)
class Http1:
    """The requests of one connection, one after the other.

    `Upgrade` is ignored, as RFC 9110 section 7.8 allows: with h2c and WebSocket, requests would
    bypass the rules of a proxy. Of requests that are sent without waiting for responses, at most
    one read is parsed ahead; the rest stays in the socket.

    app: the application.
    stream: the bytes.
    budget: counts the work that the client causes.
    """

    _app: Application
    _stream: ClientStream
    _budget: ConnectionBudget
    _running: Http1Request | None = None  # the one that the application answers
    _waiting: deque[Http1Request] = attrs.field(factory=deque)
    _changed: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)
    # Of the task that answers, until a request is cancelled.
    _answering: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    _is_refused: bool = False
    _rejection: HTTPStatus | None = None  # of what follows the waiting requests
    _is_ended: bool = False  # nothing is read any more
    _idle_bytes: int = 0  # that have brought neither a whole head nor a part of a body

    def __attrs_post_init__(self) -> None:
        """Make the parser, and what the scopes of all requests have in common."""
        self._parser = Http1Parser(self._begin)
        self._common_scope = {
            "type": "http",
            "asgi": {"spec_version": "2.1", "version": "3.0"},
            "scheme": self._stream.scheme,
            "client": self._stream.client,
            "server": self._stream.server,
            "root_path": "",
        }

    async def run(self, data: bytes) -> None:
        """Serve the connection until it ends. data: the first bytes."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._answer_all)
            await self._read(data)
            self._is_ended = True
            if self._running is not None:
                self._running.disconnect()
            self._changed.unpark_all()

    async def _read(self, data: bytes) -> None:
        stream, budget = self._stream, self._budget
        while not stream.is_over:
            with stream.limit_reading():
                while data or (
                    data := await stream.receive(
                        READ_BYTES if budget.is_known else READ_BYTES_IN_TURN
                    )
                ):
                    if stream.is_lingering:
                        budget.charge(1)
                        if not stream.count_lingered(len(data)):
                            return
                    else:
                        if not budget.is_known:
                            await budget.wait_turn()
                        if self._parser.is_over:
                            budget.charge_body_part(len(data), is_wanted=False)
                            if budget.is_spent and not self._is_rejection_next:
                                return
                        else:
                            self._parse(data)
                    data = b""
                    while self._is_full():
                        await self._changed.park()
                return

    @property
    def _is_rejection_next(self) -> bool:
        """Whether the connection ends with a status that is about to be sent."""
        running = self._running
        return self._rejection is not None and (running is None or running.is_over)

    def _is_full(self) -> bool:
        request = self._parser.receiving
        return bool(self._waiting) or (
            request is not None and request.buffered_bytes > MAX_BUFFERED_BYTES
        )

    def _parse(self, data: bytes) -> None:
        status = self._parser.feed(data)
        if status is not None:
            self._refuse(status)
        self._count(len(data))
        self._changed.unpark_all()

    def _count(self, size_bytes: int) -> None:
        """Count one read."""
        count = self._parser.count
        self._idle_bytes = 0 if count.heads or count.parts else self._idle_bytes + size_bytes
        if self._idle_bytes > MAX_HEAD_BYTES + MAX_SYNTAX_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        units = count.parts - count.part_bytes / BYTES_PER_UNIT if self._idle_bytes == 0 else 1
        # A request in one read is the rule, and is counted when it is answered.
        if units > count.heads:
            self._budget.charge(units, units=max(1, units / CHUNKS_PER_UNIT))
            if self._budget.is_spent:
                self._refuse(HTTPStatus.TOO_MANY_REQUESTS)

    def _begin(
        self,
        head: tuple[str, bytes, str],
        headers: list[Header],
        unread_bytes: float,
        expects_continue: bool,
        keeps_open: bool,
    ) -> Http1Request:
        """Queue a request; the parser adds its body."""
        method, target, version = head
        path, _, query = target.partition(b"?")
        request = Http1Request(
            scope={
                **self._common_scope,
                "http_version": version,
                "method": method,
                "path": unquote(path.decode("ascii")),
                "raw_path": path,
                "query_string": query,
                "headers": headers,
                "state": {},
                "extensions": {ADMIT: self._budget.admit},
            },
            unread_bytes=unread_bytes,
            expects_continue=expects_continue,
            keeps_open=keeps_open,
            stream=self._stream,
            changed=self._changed,
            cancel=self._cancel,
        )
        self._waiting.append(request)
        return request

    def _refuse(self, status: HTTPStatus) -> None:
        """Look at nothing more; answer with a status what is not being answered already."""
        if self._is_refused:
            return
        self._is_refused = self._parser.is_over = True
        request, self._parser.receiving = self._parser.receiving, None
        if request is None or not request.is_started:
            self._rejection = status
        if request is not None:
            request.disconnect()
        self._changed.unpark_all()

    # The task that answers.

    async def _answer_all(self) -> None:
        while await self._answer_until_cancelled():
            pass
        self._parser.is_over = True
        self._waiting.clear()
        if not self._is_ended:
            await self._stream.end_sending()
        self._changed.unpark_all()

    async def _answer_until_cancelled(self) -> bool:
        """Answer requests until one is cancelled; return whether to go on after that.

        One scope serves all requests, because hardly any is cancelled.
        """
        with trio.CancelScope() as self._answering:
            await self._answer_each()
            return False
        if self._running is None:
            return True
        return await self._end(self._running)

    def _cancel(self) -> None:
        """Cancel the request that runs; it keeps nothing open, so none follows in this scope."""
        self._answering.cancel()

    async def _answer_each(self) -> None:
        while not self._is_ended:
            if self._waiting:
                request = self._waiting.popleft()
                if self._changed:
                    self._changed.unpark_all()  # the rest of its body is read if no other waits
                if not await self._answer(request):
                    return
                if self._waiting:
                    await self._budget.wait_turn()
                else:
                    self._stream.set_idle()
            elif self._rejection is not None:
                await self._stream.send(error_head(self._rejection))
                return
            elif self._parser.is_over:
                return
            else:
                await self._changed.park()

    async def _answer(self, request: Http1Request) -> bool:
        """Run the application; return whether the connection can carry another request."""
        self._running = request
        self._stream.is_idle = False
        self._budget.charge_request()
        try:
            await self._app(request.scope, request.receive, request.send)
        except* Exception:  # the other connections go on
            log.exception("serving.app_failed", extra={"is_anonymous": True})
        return await self._end(request)

    async def _end(self, request: Http1Request) -> bool:
        """End a request; return whether the connection can carry another one."""
        self._running = None
        request.close()
        if not request.is_started:
            if request.is_over:
                return True  # the client has gone, or the rest of the request was refused
            await self._stream.send(error_head(HTTPStatus.INTERNAL_SERVER_ERROR))
        return request.is_answered and request.keeps_open and not self._stream.is_stopping
