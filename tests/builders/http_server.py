"""A server on a free port around a small application, and raw talk with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import h2.config
import h2.connection
import h2.events
import trio

from onecgw.serving import serve_app
from onecgw.web.asgi import admit, run_while_connected

TEST_SECONDS = 20
GRACE_SECONDS = 15
QUICKLY_SECONDS = 10  # less than the grace
GET = b"GET /path HTTP/1.1\r\nHost: h\r\n\r\n"

App = Callable[[Any, Any, Any], Awaitable[None]]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path and the whole body."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    host = dict(scope["headers"])[b"host"]
    await answer(send, b" ".join((scope["method"].encode(), scope["raw_path"], host, body)))


def app_of(answer_http: App) -> App:
    """An application that answers its requests by a function."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (echo if scope["type"] == "lifespan" else answer_http)(scope, receive, send)

    return app


@attrs.frozen
class LateAnswer:
    """An application that answers "late" when it is released; `requested`: a request arrived."""

    requested: trio.Event = attrs.field(factory=trio.Event)
    release: trio.Event = attrs.field(factory=trio.Event)

    @property
    def app(self) -> App:
        """What is served."""
        return app_of(self._answer)

    async def _answer(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.requested.set()
        await self.release.wait()
        await answer(send, b"late")


@app_of
async def stream_until_gone(scope: Any, receive: Any, send: Any) -> None:
    """An answer that ends with the client's departure."""

    async def stream() -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"a" * 1_000, "more_body": True})
            await trio.lowlevel.checkpoint()

    await run_while_connected(scope, receive, stream)


@app_of
async def fail_midway(scope: Any, receive: Any, send: Any) -> None:
    """Half an answer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise KeyError("private")


async def answer(send: Any, body: bytes, status: int = 200) -> None:
    """Sends a whole answer."""
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@attrs.define
class Served:
    """A running server."""

    port: int
    stop: trio.Event
    ended: trio.Event = attrs.field(factory=trio.Event)

    async def connect(self) -> trio.SocketStream:
        """A new connection to it."""
        return await trio.open_tcp_stream("127.0.0.1", self.port)


@asynccontextmanager
async def serving(
    app: App = echo, *, is_known: bool = True, **options: Any
) -> AsyncIterator[Served]:
    """Serve within the block; everything in it must be done within TEST_SECONDS.

    is_known: whether the callers of the requests are known.
    """
    if is_known:
        app = _admit_all(app)
    announced: list[str] = []
    up, stop = trio.Event(), trio.Event()

    def announce(url: str) -> None:
        announced.append(url)
        up.set()

    async def run(served: Callable[[], Served]) -> None:
        await serve_app(
            app,
            **{"host": "127.0.0.1", "port": 0, "grace_seconds": GRACE_SECONDS, **options},
            wait_stop=stop.wait,
            announce=announce,
        )
        served().ended.set()

    with trio.fail_after(TEST_SECONDS):
        async with trio.open_nursery() as nursery:
            found: list[Served] = []
            nursery.start_soon(partial(run, lambda: found[0]))
            await up.wait()
            found.append(Served(int(announced[0].rpartition(":")[2]), stop))
            yield found[0]
            nursery.cancel_scope.cancel()


def _admit_all(app: App) -> App:
    async def admitting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            admit(scope)
        await app(scope, receive, send)

    return admitting


async def assert_nothing_stays(served: Served) -> None:
    """A stop ends the server at once: nothing is open, or busy, any more."""
    served.stop.set()
    with trio.fail_after(QUICKLY_SECONDS):
        await served.ended.wait()


async def read_to_end(stream: trio.SocketStream) -> bytes:
    """Everything until the server closes its half."""
    data = b""
    while True:
        try:
            chunk = await stream.receive_some()
        except trio.BrokenResourceError:
            return data
        if not chunk:
            return data
        data += chunk


async def read_answer(stream: trio.SocketStream) -> bytes:
    """One answer with Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = await stream.receive_some()
        assert chunk, data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-len")
    ]
    while len(body) < length:
        body += await stream.receive_some()
    return head + b"\r\n\r\n" + body


async def ask(served: Served, request: bytes) -> bytes:
    """What is answered to some bytes on a connection of their own, until it is closed."""
    async with await served.connect() as stream:
        await stream.send_all(request)
        return await read_to_end(stream)


async def assert_it_serves(served: Served) -> None:
    """Both versions of HTTP are answered."""
    async with await served.connect() as stream:
        await stream.send_all(GET)
        assert (await read_answer(stream)).endswith(b"GET /path h ")
    async with await Http2Client.open(served) as client:
        stream_id = await client.ask()
        assert await client.body_of(stream_id) == b"GET /path h "


class Http2Client:
    """HTTP/2 with prior knowledge, on the sans-io protocol so that anything can be sent."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        config = h2.config.H2Configuration(
            header_encoding=None,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self.h2 = h2.connection.H2Connection(config)
        self.events: list[h2.events.Event] = []

    @classmethod
    async def open(cls, served: Served) -> "Http2Client":
        client = cls(await served.connect())
        client.h2.initiate_connection()
        await client.flush()
        return client

    async def __aenter__(self) -> "Http2Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await trio.aclose_forcefully(self.stream)

    async def flush(self) -> None:
        await self.stream.send_all(self.h2.data_to_send())

    async def ask(
        self, *headers: tuple[bytes, bytes], path: bytes = b"/path", end: bool = True, **pseudo: str
    ) -> int:
        """Send the head of a request; its stream id."""
        stream_id = self.h2.get_next_available_stream_id()
        method = pseudo.get("method", "GET").encode()
        fields = [
            (b":method", method),
            (b":scheme", b"http"),
            (b":path", path),
            (b":authority", b"h"),
        ]
        self.h2.send_headers(stream_id, [*fields, *headers], end_stream=end)
        await self.flush()
        return stream_id

    async def wait(self, kind: type[Any], stream_id: int | None = None) -> Any:
        """The next event of a kind, or the one that has come already."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and stream_id in (
                    None,
                    getattr(event, "stream_id", None),
                ):
                    self.events.remove(event)
                    return event
            data = await self.stream.receive_some()
            assert data, f"the connection ended without {kind.__name__}: {self.events}"
            self.events += self.h2.receive_data(data)
            await self.flush()

    async def status_of(self, stream_id: int) -> int:
        received = await self.wait(h2.events.ResponseReceived, stream_id)
        return int(dict(received.headers)[b":status"])

    async def body_of(self, stream_id: int) -> bytes:
        """The body of an answer of status 200."""
        assert await self.status_of(stream_id) == 200
        await self.wait(h2.events.StreamEnded, stream_id)
        parts = [
            event
            for event in self.events
            if isinstance(event, h2.events.DataReceived) and event.stream_id == stream_id
        ]
        return b"".join(part.data for part in parts)
