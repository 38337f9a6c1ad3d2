"""The application at work on the requests of one connection, a task each."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import trio

log = logging.getLogger(__name__)

# Any types: Hypercorn's own for them are unions of every message of ASGI.
Message = Any
Application = Callable[..., Awaitable[None]]

# More than an HTTP/2 connection may have streams: those that the client has taken back need some
# time to end. The rest of the room is theirs, so that they never wait for who waits for them.
MAX_REQUESTS: Final = 200
WAITING_MESSAGES: Final = 10  # parts of a body that the application has not asked for yet


class Inbox:
    """What the client sends to one request: parts of the body, then that it has gone.

    Hypercorn's own queue can be full when the answer ends, and then nobody ever takes from it:
    the connection would stand still for ever.
    """

    def __init__(self) -> None:
        self._in, self._out = trio.open_memory_channel[Message](WAITING_MESSAGES)

    async def put(self, message: Message) -> None:
        """Wait for room. What comes after the end, or is not wanted any more, is dropped."""
        if message["type"] == "http.disconnect":
            self._in.close()
            return
        with suppress(trio.ClosedResourceError, trio.BrokenResourceError):
            await self._in.send(message)

    async def receive(self) -> Message:
        """ASGI's receive."""
        try:
            return await self._out.receive()
        except trio.EndOfChannel:
            return {"type": "http.disconnect"}

    def close(self) -> None:
        """Nobody will receive any more."""
        self._out.close()


class Requests:
    """What Hypercorn calls a task group.

    Args:
        nursery: ends when every request has been answered.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._running = 0
        self._one_ended = trio.Event()

    async def wait_room(self) -> None:
        """Return when one request more may be answered."""
        while self._running >= MAX_REQUESTS:
            await self._one_ended.wait()

    async def spawn_app(
        self,
        app: Application,
        config: object,  # noqa: ARG002 - Hypercorn's signature
        scope: Message,
        send: Callable[[Message], Awaitable[None]],
    ) -> Callable[[Message], Awaitable[None]]:
        """Start to answer a request; what is returned takes the rest of it."""
        inbox = Inbox()
        self._running += 1
        self.spawn(self._answer, app, scope, inbox, send)
        return inbox.put

    def spawn(self, work: Callable[..., Awaitable[object]], *arguments: object) -> None:
        """Start a task."""
        self._nursery.start_soon(work, *arguments)

    async def _answer(
        self,
        app: Application,
        scope: Message,
        inbox: Inbox,
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        try:
            await app(scope, inbox.receive, send, trio.to_thread.run_sync, trio.from_thread.run)
        except* Exception:  # the border of one request: the others of the connection go on
            log.exception("serving.app_failed")
        finally:
            inbox.close()
            self._running -= 1
            self._one_ended.set()
            self._one_ended = trio.Event()
        await send(None)  # Hypercorn's word for the end: 500 if nothing was answered
