"""The task group of one connection: the application runs in one task per request."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import attrs
import trio

from onecgw.asgi_extensions import ADMIT, CANCEL_ON_DISCONNECT
from onecgw.serving.budget import ConnectionBudget
from onecgw.serving.client_stream import ClientStream

log = logging.getLogger(__name__)

# Any: Hypercorn's types for these are unions of all ASGI messages.
Message = Any
Application = Callable[..., Awaitable[None]]

# More than the streams of an HTTP/2 connection: tasks of cancelled streams need some time to end.
# The surplus avoids a deadlock: cancelled streams must be able to finish while new ones wait.
MAX_REQUESTS: Final = 200
MAX_BUFFERED_MESSAGES: Final = 10  # parts of a body that the application has not received yet


class ReceiveQueue:
    """The ASGI messages to one request: parts of the body, then the disconnect.

    Hypercorn's own queue can be full when the response ends. No task would read it any more, and
    the connection would be blocked for ever.
    """

    def __init__(self) -> None:
        self._in, self._out = trio.open_memory_channel[Message](MAX_BUFFERED_MESSAGES)
        self._is_disconnected = False
        self._is_cancellable = False
        self.answering = trio.CancelScope()  # the application, while it answers the request

    def cancel_on_disconnect(self, is_wanted: bool) -> None:
        """Cancel the application when the client disconnects, or now if it has; or not any more."""
        self._is_cancellable = is_wanted
        if is_wanted and self._is_disconnected:
            self.answering.cancel()

    async def put(self, message: Message) -> None:
        """Add a message, waiting while the queue is full; after the end, messages are dropped."""
        if message["type"] == "http.disconnect":
            self._in.close()
            self._is_disconnected = True
            if self._is_cancellable:
                self.answering.cancel()
            return
        with suppress(trio.ClosedResourceError, trio.BrokenResourceError):
            await self._in.send(message)

    async def receive(self) -> Message:
        """Return the next message; it is the application's `receive`."""
        try:
            return await self._out.receive()
        except trio.EndOfChannel:
            return {"type": "http.disconnect"}

    def close(self) -> None:
        """Drop all further messages: the application has ended."""
        self._out.close()


@attrs.define(eq=False)
class RequestTaskGroup:
    """The task group that Hypercorn's protocols require.

    nursery: runs the tasks of the requests.
    budget: of the connection.
    stream: its bytes.
    """

    _nursery: trio.Nursery
    budget: ConnectionBudget
    stream: ClientStream
    _running: int = 0
    _one_ended: trio.Event = attrs.field(factory=trio.Event)

    async def wait_for_capacity(self) -> None:
        """Return when fewer than MAX_REQUESTS requests are running."""
        while self._running >= MAX_REQUESTS:
            await self._one_ended.wait()

    async def spawn_app(
        self,
        app: Application,
        config: object,  # noqa: ARG002 - Hypercorn's signature
        scope: Message,
        send: Callable[[Message], Awaitable[None]],
    ) -> Callable[[Message], Awaitable[None]]:
        """Start the task of a request; return the function that accepts its further messages."""
        queue = ReceiveQueue()
        scope["extensions"][ADMIT] = self.budget.admit
        scope["extensions"][CANCEL_ON_DISCONNECT] = queue.cancel_on_disconnect
        self._running += 1
        self.spawn(self._answer, app, scope, queue, send)
        return queue.put

    def spawn(self, work: Callable[..., Awaitable[object]], *arguments: object) -> None:
        """Start a task."""
        self._nursery.start_soon(work, *arguments)

    async def _answer(
        self,
        app: Application,
        scope: Message,
        queue: ReceiveQueue,
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        try:
            with queue.answering:
                await app(scope, queue.receive, send, trio.to_thread.run_sync, trio.from_thread.run)
        except* Exception:  # other requests of the connection go on
            log.exception("serving.app_failed", extra={"is_anonymous": True})
        finally:
            queue.close()
            self._running -= 1
            self._one_ended.set()
            self._one_ended = trio.Event()
        await send(None)  # the end, for Hypercorn: it sends a 500 if there was no response
