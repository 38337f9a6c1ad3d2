"""The messages between `onecgw serve` and its worker processes, over a socket that they inherit."""

import logging
import pickle
from enum import Enum
from typing import Final

import attrs
import trio

from onecgw.settings import Settings

log = logging.getLogger(__name__)

LENGTH_BYTES: Final = 4
READ_BYTES: Final = 64 * 1024
MAX_WAITING: Final = 10_000  # messages that the other process has not read; further ones are lost


@attrs.frozen(kw_only=True)
class Start:
    """To a worker, first: what it serves. number: from 1 on."""

    settings: Settings
    number: int


@attrs.frozen(kw_only=True)
class Prepare:
    """To a worker: open an application with these settings; the answer is Prepared."""

    settings: Settings


class Order(Enum):
    """To a worker.

    COMMIT: use what was prepared. ABANDON: close it. STOP: stop, after the calls that run.
    """

    COMMIT = "commit"
    ABANDON = "abandon"
    STOP = "stop"


@attrs.frozen(kw_only=True)
class Listening:
    """From a worker: it accepts connections."""

    url: str


@attrs.frozen(kw_only=True)
class Prepared:
    """From a worker. error: why the settings cannot be used; "" if they can."""

    error: str


@attrs.frozen(kw_only=True)
class Published:
    """From a worker, and on to all others: a value of `onecgw.peers`, pickled.

    The first process passes it on as it is: to read it, it would have to load what answers calls.
    """

    topic: str
    value: bytes


class MessageChannel:
    """One end of the socket.

    Args:
        stream: the socket.
    """

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._unread = bytearray()
        self._post, self._posted = trio.open_memory_channel[object](MAX_WAITING)

    def post(self, message: object) -> None:
        """Send a message, without waiting for the other process."""
        try:
            self._post.send_nowait(message)
        except trio.WouldBlock:
            log.error("worker.message_lost")  # noqa: TRY400 - the traceback says nothing more

    def close(self) -> None:
        """Close the socket; the other process reads its end."""
        self._stream.socket.close()

    async def send_posted(self) -> None:
        """Send what is posted, until the other process has ended."""
        try:
            async for message in self._posted:
                content = pickle.dumps(message)
                await self._stream.send_all(len(content).to_bytes(LENGTH_BYTES) + content)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async def receive(self) -> object | None:
        """Return the next message; None if the other process has ended."""
        length = await self._read(LENGTH_BYTES)
        content = await self._read(int.from_bytes(length)) if length else b""
        # Only our own processes have the socket.
        return pickle.loads(content) if content else None  # noqa: S301

    async def _read(self, size_bytes: int) -> bytes:
        while len(self._unread) < size_bytes:
            try:
                part = await self._stream.receive_some(READ_BYTES)
            except trio.BrokenResourceError:
                part = b""
            if not part:
                return b""
            self._unread += part
        read = bytes(self._unread[:size_bytes])
        del self._unread[:size_bytes]
        return read
