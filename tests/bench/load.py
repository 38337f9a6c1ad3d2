"""Load over HTTP/1.1 and HTTP/2: a query of its own in every call, and every answer checked."""

import asyncio
import itertools
import json
import math
import re
import socket
import time
from collections.abc import Callable
from typing import Any, Final

import attrs
import h2.config
import h2.connection
import h2.events

_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_numbers: Final = itertools.count(1)  # of calls, so that no query is sent twice
WAIT_SECONDS: Final = 60


@attrs.frozen(kw_only=True)
class Surface:
    """How a call is sent.

    make_body: the body of the call of a number. marker: what a right answer contains.
    """

    path: str
    make_body: Callable[[int], bytes]
    headers: dict[str, str] = attrs.field(factory=dict)
    marker: bytes = b""

    def request(self, number: int, port: int) -> bytes:
        """The bytes of a call over HTTP/1.1."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        body = self.make_body(number)
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


@attrs.frozen(kw_only=True)
class Load:
    """What a load has measured. seconds: of each call."""

    calls: int
    elapsed: float
    seconds: list[float]

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.elapsed

    def percentile(self, share: float) -> float:
        """The duration that this share of the calls did not exceed."""
        ordered = sorted(self.seconds)
        return ordered[math.ceil(len(ordered) * share) - 1]


class _Caller(asyncio.Protocol):
    """Makes one call after another on a connection, until the time or the number is used up."""

    def __init__(self, surface: Surface, is_over: Callable[[], bool], seconds: list[float]) -> None:
        self._surface, self._is_over, self._seconds = surface, is_over, seconds
        self._received = bytearray()
        self._end = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._port: int = transport.get_extra_info("peername")[1]
        self._send()

    def _send(self) -> None:
        if self._is_over():
            self._transport.close()
            self.ended.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(self._surface.request(next(_numbers), self._port))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._end:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._received, 0, head + 2)
            assert length, bytes(self._received[:500])
            self._end = head + 4 + int(length[1])
        if len(self._received) < self._end:
            return
        answer, self._received, self._end = self._received, bytearray(), 0
        is_right = answer.startswith(b"HTTP/1.1 200") and self._surface.marker in answer
        if not is_right:
            self._fail(f"a wrong answer: {bytes(answer[:600])!r}")
            return
        self._seconds.append(time.perf_counter() - self._began)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection ended: {exc!r}")

    def _fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(AssertionError(why))
            self._transport.close()


def load(
    port: int,
    surface: Surface,
    *,
    in_flight: int,
    seconds: float = math.inf,
    calls: float = math.inf,
) -> Load:
    """Call on as many connections as there are calls in flight, for a time or a number of calls.

    Raises:
        AssertionError: an answer was not right.
    """
    return asyncio.run(_load(port, surface, in_flight=in_flight, limits=(seconds, calls)))


async def _load(
    port: int, surface: Surface, *, in_flight: int, limits: tuple[float, float]
) -> Load:
    durations: list[float] = []
    began, sent = time.perf_counter(), itertools.count()
    seconds, calls = limits

    def is_over() -> bool:
        return time.perf_counter() - began > seconds or next(sent) >= calls

    loop = asyncio.get_running_loop()
    callers = [
        (
            await loop.create_connection(
                lambda: _Caller(surface, is_over, durations), "127.0.0.1", port
            )
        )[1]
        for _ in range(in_flight)
    ]
    async with asyncio.timeout(WAIT_SECONDS + (seconds if seconds < math.inf else 0)):
        await asyncio.gather(*(caller.ended for caller in callers))
    return Load(calls=len(durations), elapsed=time.perf_counter() - began, seconds=durations)


def load_http2(port: int, surface: Surface, *, streams: int, waves: int) -> int:
    """Call on one connection, as many streams at a time, wave after wave; returns the calls."""
    # h2 decodes them, and its types do not say so.
    status: Any = ":status"
    status_ok: Any = "200"
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as sock:
        connection.initiate_connection()
        connection.increment_flow_control_window(2**30)
        for _ in range(waves):
            open_streams = {_send_stream(connection, surface) for _ in range(streams)}
            sock.sendall(connection.data_to_send())
            while open_streams:
                for event in connection.receive_data(sock.recv(1 << 20)):
                    if isinstance(event, h2.events.ResponseReceived):
                        assert dict(event.headers)[status] == status_ok, event.headers
                    if isinstance(event, h2.events.StreamEnded):
                        open_streams.discard(event.stream_id)
                sock.sendall(connection.data_to_send())
    return streams * waves


def _send_stream(connection: h2.connection.H2Connection, surface: Surface) -> int:
    body = surface.make_body(next(_numbers))
    stream: int = connection.get_next_available_stream_id()
    head = {
        ":method": "POST",
        ":path": surface.path,
        ":scheme": "http",
        ":authority": "127.0.0.1",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    lower = {name.lower(): value for name, value in surface.headers.items()}
    connection.send_headers(stream, list((head | lower).items()))
    connection.send_data(stream, body, end_stream=True)
    return stream


def json_body(value: object) -> bytes:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False).encode()
