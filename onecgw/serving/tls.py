"""A TLS connection with the interface of a plain socket."""

import ssl
from collections.abc import Callable
from typing import Final

import trio

HANDSHAKE_SECONDS: Final = 10
HANDSHAKE_UNITS: Final = 11  # measured: 0.54 ms of CPU with RSA of 2048 bits, 0.28 ms with P-256
CLOSE_SECONDS: Final = 1  # for the client to take the last bytes
_HINT: Final = b"this port speaks TLS; use https://\n"
_NOT_TLS: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(_HINT), _HINT)
)

ReadContext = Callable[[], ssl.SSLContext]
"""Returns what new connections are made with; it changes when the certificate is renewed."""


class _KeptOpen(trio.abc.Stream):
    """A socket that stays open when TLS ends: the last bytes of the client are still read."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


class TlsStream(trio.abc.HalfCloseableStream):
    """The server's side of a TLS connection.

    Args:
        stream: the socket.
        context: with the certificate.
    """

    def __init__(self, stream: trio.SocketStream, context: ssl.SSLContext) -> None:
        self.socket: Final = stream.socket
        self._stream = stream
        # Not https_compatible, which never sends close_notify: without it, a client does not know
        # whether an answer without a length is whole.
        self._tls = trio.SSLStream(_KeptOpen(stream), context, server_side=True)
        self._is_half_closed = False

    async def shake_hands(self) -> bool:
        """Do the handshake; a plain HTTP request is answered with what is wrong.

        Returns:
            False if the client has disconnected, does not speak TLS, or refuses the certificate.
        """
        try:
            await self._tls.do_handshake()
        except trio.BrokenResourceError as error:
            reason = getattr(error.__cause__, "reason", "")
        else:
            return True
        # OpenSSL's name of what begins with an HTTP method; other clients would not read it.
        if reason == "HTTP_REQUEST":
            await self._stream.send_all(_NOT_TLS)
        return False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send all bytes."""
        await self._tls.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until bytes can be sent."""
        await self._tls.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Return received bytes; after our end, those that are discarded, still encrypted."""
        if not self._is_half_closed:
            try:
                return await self._tls.receive_some(max_bytes)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                if not self._is_half_closed:
                    raise
        return await self._stream.receive_some(max_bytes)

    async def send_eof(self) -> None:
        """Announce our end by close_notify, and close our half of the socket."""
        self._is_half_closed = True
        with trio.move_on_after(CLOSE_SECONDS):
            await self._tls.aclose()
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close the socket."""
        await self._stream.aclose()

    def release(self) -> None:
        """Free the memory of TLS, when nothing uses the stream any more.

        trio's stream refers to itself, so only the garbage collector would find it: seconds or
        hours later, with 40 KB that the collector does not count.
        """
        vars(self._tls).clear()
