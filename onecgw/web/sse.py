"""A response that is plain JSON, or a stream of events once something precedes the result."""

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from onecgw.web.asgi import Receive, Response, Send, run_until, send_response

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
        self._said_at = trio.current_time()
        self._turn = trio.Lock()  # a keep-alive must not cut an event in two

    async def send(self, message: bytes) -> None:
        """Send one message as an event; dropped if the client does not accept a stream."""
        if self.can_stream:
            await self._write(_event(message))

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        """Call `pulse` every TICK_SECONDS until the result is there."""
        self._pulse = pulse

    async def tick(self) -> None:
        """Keep the connection alive; called every TICK_SECONDS."""
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
        async with self._turn:
            self._is_over = True
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
            await send_response(
                self._send, Response(status=status, body=body or b"", headers=headers)
            )

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


async def respond_while_connected(
    receive: Receive, response: SseResponse, work: Callable[[], Awaitable[None]]
) -> None:
    """Run work and keep its reply alive; a client that disconnects cancels it.

    The request body must have been read: `receive` then only ever says that the client is gone.
    """

    async def wait_gone() -> None:
        while not await _is_gone(receive, response):
            pass

    await run_until(wait_gone, work)


async def _is_gone(receive: Receive, response: SseResponse) -> bool:
    """Wait for the client to go, but no longer than the reply may be left alone."""
    if not response.can_stream:
        return await _is_disconnect(receive)
    with trio.move_on_after(TICK_SECONDS):
        return await _is_disconnect(receive)
    await response.tick()
    return False


async def _is_disconnect(receive: Receive) -> bool:
    message = await receive()
    return bool(message["type"] == "http.disconnect")


def _event(message: bytes) -> bytes:
    # Outside of its strings JSON may hold line breaks; inside they are escaped.
    return b"event: message\ndata: %b\n\n" % message.translate(_NO_LINE_BREAKS)
