"""The TCP connection of a call, for the faults below HTTP: resets and truncated bodies."""

import socket
import struct
from contextvars import ContextVar
from typing import Final

import trio

# A client that does not read would otherwise hold up the end of the process.
_SEND_SECONDS: Final = 20.0
# SO_LINGER with a timeout of zero makes close() send RST.
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


class ResettableStream:
    """A socket that can also be reset; Hypercorn uses it like any other stream."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.socket = stream.socket
        self.receive_some = stream.receive_some
        self.send_eof = stream.send_eof
        self.aclose = stream.aclose
        self._send_all = stream.send_all

    def reset(self) -> None:
        """Break the connection off with RST: what is on its way may be lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.socket.close()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, but not for ever.

        Raises:
            trio.BrokenResourceError: the client does not read, or has gone.
        """
        with trio.move_on_after(_SEND_SECONDS) as scope:
            await self._send_all(data)
        if scope.cancelled_caught:
            raise trio.BrokenResourceError("the client does not read")


# Every task of a connection inherits the connection's own; there is none in memory.
CURRENT_CONNECTION: Final[ContextVar[ResettableStream | None]] = ContextVar(
    "current_connection", default=None
)
