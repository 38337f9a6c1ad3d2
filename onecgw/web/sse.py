"""A response that is plain JSON, or a stream of events once something precedes the result."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import trio

from onecgw.web.asgi import Response, RunWhileConnected, Send, Work, send_response

log = logging.getLogger(__name__)

Header = tuple[bytes, bytes]

TICK_SECONDS: Final = 1
KEEP_ALIVE_SECONDS: Final = 15  # below the idle limit of every proxy we know of (60 s)

_JSON_HEADERS: Final = ((b"content-type", b"application/json; charset=utf-8"),)
_STREAM_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would hold the events back
)
_NO_LINE_BREAKS: Final = bytes.maketrans(b"\r\n", b"  ")


class SseResponse:
    """The answer to one POST: the channel of the running request, then its result.

    It turns into a stream with the first message before the result, or after KEEP_ALIVE_SECONDS.
    """

    def __init__(self, send: Send, *, can_stream: bool, request_id: str) -> None:
        self.can_stream: Final = can_stream
        self._send = send
        self._headers: tuple[Header, ...] = ((b"x-request-id", request_id.encode("ascii")),)
        self._pulse: Callable[[], Awaitable[None]] | None = None
        self._is_stream = False
        self._is_over = False
        self._began_at = self._said_at = trio.current_time()
        self._turn = trio.Lock()  # a keep-alive must not cut an event in two

    async def send(self, message: bytes) -> None:
        """Send one message as an event; dropped if the client does not accept a stream."""
        if self.can_stream:
            await self._write(_event(message))

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        """Call `pulse` every TICK_SECONDS until the result is there."""
        self._pulse = pulse

    @property
    def is_tick_due(self) -> bool:
        """Whether there may be something to send; not while the client does not read the last."""
        now = trio.current_time()
        if self._turn.locked() or now - self._began_at < TICK_SECONDS:
            return False
        return self._pulse is not None or now - self._said_at >= KEEP_ALIVE_SECONDS

    async def tick(self) -> None:
        """Keep the connection alive."""
        if self._pulse is not None:
            await self._pulse()
        if trio.current_time() - self._said_at >= KEEP_ALIVE_SECONDS:
            await self._write(b": keep-alive\n\n")

    async def finish(
        self, body: bytes | None, *, status: int, session_id: str, challenge: str = ""
    ) -> None:
        """Send the result, and nothing after it.

        Args:
            body: the result; None for none.
            status: of the answer, unless it has become a stream.
            session_id: a session that begins here; "" for none.
            challenge: the value of WWW-Authenticate; "" for none.
        """
        self._is_over = True
        if self._turn.locked():
            async with self._turn:  # until the last message has been sent
                pass
        if self._is_stream:
            last = _event(body) if body is not None else b""
            await self._send({"type": "http.response.body", "body": last, "more_body": False})
            return
        headers = self._headers
        if body is not None:
            headers += _JSON_HEADERS
        if session_id:
            headers += ((b"mcp-session-id", session_id.encode("ascii")),)
        if challenge:
            headers += ((b"www-authenticate", challenge.encode("ascii")),)
        await send_response(self._send, Response(status=status, body=body or b"", headers=headers))

    async def _write(self, data: bytes) -> None:
        async with self._turn:
            if self._is_over:
                return
            if not self._is_stream:
                self._is_stream = True
                headers = [*self._headers, *_STREAM_HEADERS]
                await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            self._said_at = trio.current_time()
            await self._send({"type": "http.response.body", "body": data, "more_body": True})


async def run_alive(run: RunWhileConnected, response: SseResponse, work: Work) -> None:
    """Run work until the client disconnects, and keep its response alive meanwhile."""
    if not response.can_stream:
        await run(work)
        return
    ticker = _find_ticker()
    ticker.add(response)
    try:
        await run(work)
    finally:
        ticker.discard(response)


class _Ticker:
    """Keeps all open responses of the process alive, with one task for all of them.

    A timer per call would cost each call a task and a cancel scope, and most calls end before the
    first tick. The task is trio's own (a system task), because the responses belong to many
    connections; it ends when there are none.
    """

    def __init__(self) -> None:
        self._open: dict[SseResponse, None] = {}
        self._is_running = False

    def add(self, response: SseResponse) -> None:
        """Tick a response every TICK_SECONDS."""
        self._open[response] = None
        if not self._is_running:
            self._is_running = True
            trio.lowlevel.spawn_system_task(self._run)

    def discard(self, response: SseResponse) -> None:
        """Tick a response no more."""
        del self._open[response]

    async def _run(self) -> None:
        try:
            # A client that does not read its stream must not hold up the others: a task for each.
            async with trio.open_nursery() as ticks:
                while self._open:
                    await trio.sleep(TICK_SECONDS)
                    for response in self._open:
                        if response.is_tick_due:
                            ticks.start_soon(_tick, response)
        finally:
            self._is_running = False


async def _tick(response: SseResponse) -> None:
    try:
        await response.tick()
    except Exception:  # a system task that fails would end the process
        log.exception("sse.tick_failed")


_TICKER: Final = trio.lowlevel.RunVar[_Ticker]("onecgw.sse_ticker")


def _find_ticker() -> _Ticker:
    """Return the ticker of this run of trio."""
    try:
        return _TICKER.get()
    except LookupError:
        ticker = _Ticker()
        _TICKER.set(ticker)
        return ticker


def _event(message: bytes) -> bytes:
    # Outside of its strings JSON may hold line breaks; inside they are escaped.
    return b"event: message\ndata: %b\n\n" % message.translate(_NO_LINE_BREAKS)
