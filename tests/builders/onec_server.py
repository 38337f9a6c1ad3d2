"""A 1C on a real socket that plays scripts: any bytes, resets, drips and silences."""

import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import attrs
import trio


@attrs.frozen(kw_only=True)
class ReceivedRequest:
    """A request as it arrived. headers: names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


class Wire:
    """The server's end of one connection, while it answers one request."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream

    async def send(self, data: bytes) -> None:
        await self._stream.send_all(data)

    async def answer(
        self, body: bytes, *, status: str = "200 OK", headers: tuple[str, ...] = ()
    ) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def reset(self) -> None:
        assert isinstance(self._stream, trio.SocketStream)
        self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self._stream.aclose()

    async def close(self) -> None:
        await self._stream.aclose()

    async def wait_until_the_gateway_hangs_up(self) -> None:
        while True:
            try:
                if not await self._stream.receive_some():
                    return
            except trio.BrokenResourceError:
                return


Play = Callable[[ReceivedRequest, Wire], Awaitable[None]]


class OnecServer:
    """The requests that arrived, and how many connections there are."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        self.open_connections = 0
        self.most_open_connections = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.base_url = ""

    async def serve(self, stream: trio.abc.Stream) -> None:
        number = self.connections
        self.connections += 1
        self.open_connections += 1
        self.most_open_connections = max(self.most_open_connections, self.open_connections)
        wire = Wire(stream)
        try:
            requests = _Requests(stream, number)
            while (request := await requests.next()) is not None:
                self.requests.append(request)
                with self._counted():
                    await self.play(request, wire)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.open_connections -= 1
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1


@asynccontextmanager
async def onec_server(play: Play) -> AsyncIterator[OnecServer]:
    """A server whose connections all end when the block does."""
    server = OnecServer(play)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, server.serve, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        server.base_url = f"http://127.0.0.1:{port}/base/hs"
        yield server
        nursery.cancel_scope.cancel()


class _Requests:
    """Reads one request after the other."""

    def __init__(self, stream: trio.abc.Stream, connection: int) -> None:
        self._stream = stream
        self._connection = connection
        self._buffer = b""

    async def next(self) -> ReceivedRequest | None:
        """The next request, or None: the gateway has hung up."""
        while b"\r\n\r\n" not in self._buffer:
            if not await self._more():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            if not await self._more():
                return None
        method, path, _ = first.split(" ")
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return ReceivedRequest(
            method=method, path=path, headers=headers, body=body, connection=self._connection
        )

    async def _more(self) -> bool:
        data = await self._stream.receive_some()
        self._buffer += data
        return bool(data)
