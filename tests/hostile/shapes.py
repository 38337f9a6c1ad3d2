"""Floods and slow requests; each runs until it is cancelled."""

import itertools
import ssl
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from onecgw.app.serve_demo import DEMO_API_TOKEN

HOST: Final = b"127.0.0.1"
WRITE_BYTES: Final = 16 * 1024
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
REOPEN_SECONDS: Final = 1 / 30
TLS_NAME: Final = "localhost"

# Types of HTTP/2 frames; RFC 9113, 6, and RFC 9218, 7.1.
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = (
    *range(5),
    6,
    8,
    9,
)
PRIORITY_UPDATE, UNKNOWN = 16, 200
END_STREAM, END_HEADERS = 1, 4


@attrs.frozen(kw_only=True)
class Target:
    """The gateway's port, and the addresses that the connections come from, in turn.

    tls: the client's settings, if the gateway serves TLS.
    """

    port: int
    sources: tuple[str, ...]
    tls: ssl.SSLContext | None = None

    async def connect(self, number: int) -> trio.SocketStream:
        """Open a connection, without a handshake."""
        sock = trio.socket.socket()
        await sock.bind((self.sources[number % len(self.sources)], 0))
        await sock.connect(("127.0.0.1", self.port))
        return trio.SocketStream(sock)

    async def open(self, number: int) -> trio.abc.Stream:
        """Open a connection; the handshake of TLS takes place with the first bytes."""
        return with_tls(await self.connect(number), self.tls)


def with_tls(stream: trio.SocketStream, context: ssl.SSLContext | None) -> trio.abc.Stream:
    """Return the stream in TLS, if there is a context."""
    if context is None:
        return stream
    return trio.SSLStream(stream, context, server_hostname=TLS_NAME, https_compatible=True)


def client_context(certificate: Path | None) -> ssl.SSLContext | None:
    """Return the settings of a client that trusts a certificate. None: without TLS."""
    return None if certificate is None else ssl.create_default_context(cafile=certificate)


Shape = Callable[[Target], Awaitable[None]]


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """Return an HTTP/2 frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def headers(
    stream: int,
    path: bytes,
    *,
    before: bytes = b"",
    after: bytes = b"",
    flags: int = END_STREAM | END_HEADERS,
) -> bytes:
    """Return the HEADERS frame of a GET. before, after: what its block has around the request."""
    block = b"\x82\x86\x04" + bytes([len(path)]) + path + b"\x41" + bytes([len(HOST)]) + HOST
    return frame(HEADERS, before + block + after, flags=flags, stream=stream)


def settings(**values: int) -> bytes:
    """Return a SETTINGS frame; only `window` is known: the initial window of a stream."""
    pairs = [struct.pack(">HI", 4, value) for value in values.values()]
    return frame(SETTINGS, b"".join(pairs))


def request(method: str, path: str, *lines: str) -> bytes:
    """Return the head of an HTTP/1.1 request."""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]
    return "\r\n".join(head).encode()


async def _repeat(target: Target, number: int, first: bytes, pieces: Iterable[bytes]) -> None:
    """Send pieces as fast as they are taken; a connection that ends is opened again."""
    for _ in itertools.count():
        with suppress(OSError, trio.BrokenResourceError):
            async with await target.open(number) as stream, trio.open_nursery() as nursery:
                nursery.start_soon(_discard, stream, nursery.cancel_scope)
                await stream.send_all(first)
                for piece in pieces:
                    await stream.send_all(piece)
                await trio.sleep_forever()
        await trio.lowlevel.checkpoint()


async def _discard(stream: trio.abc.Stream, connection: trio.CancelScope) -> None:
    with suppress(trio.BrokenResourceError):
        while await stream.receive_some(WRITE_BYTES):
            pass
    connection.cancel()


def flood(first: bytes, unit: bytes, *, connections: int = 10) -> Shape:
    """Repeat a unit for ever on each of some connections."""
    piece = unit * max(1, WRITE_BYTES // len(unit))

    async def run(target: Target) -> None:
        async with trio.open_nursery() as nursery:
            for number in range(connections):
                nursery.start_soon(_repeat, target, number, first, itertools.repeat(piece))

    return run


def _visit_for_ever(
    connections: int,
    visit: Callable[[Target, int], Awaitable[None]],
    pause: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
) -> Shape:
    """Visit the target on some connections at the same time, each again when it has ended."""

    async def run(target: Target) -> None:
        async def repeat(number: int) -> None:
            while True:
                with suppress(OSError, trio.BrokenResourceError):
                    await visit(target, number)
                await pause()

        async with trio.open_nursery() as nursery:
            for number in range(connections):
                nursery.start_soon(repeat, number)

    return run


def hold(first: bytes, *, connections: int = 1_000) -> Shape:
    """Begin a request on many connections and leave it there; reopen what is closed."""
    one_at_a_time = trio.Lock()

    async def visit(target: Target, number: int) -> None:
        async with await target.open(number) as stream:
            if first:
                await stream.send_all(first)
            while await stream.receive_some():
                pass

    async def pause() -> None:
        async with one_at_a_time:
            await trio.sleep(REOPEN_SECONDS)

    return _visit_for_ever(connections, visit, pause)


def _connect_and_leave(connections: int) -> Shape:
    async def visit(target: Target, number: int) -> None:
        await (await target.connect(number)).aclose()

    return _visit_for_ever(connections, visit)


async def _shake_hands(target: Target, stream: trio.SocketStream) -> None:
    assert target.tls is not None
    await trio.SSLStream(stream, target.tls, server_hostname=TLS_NAME).do_handshake()


def _handshakes(*, is_whole: bool, connections: int = 20) -> Shape:
    """Do a handshake of TLS and leave, or leave after its first bytes."""

    async def visit(target: Target, number: int) -> None:
        async with await target.connect(number) as stream:
            if is_whole:
                await _shake_hands(target, stream)
            else:
                assert target.tls is not None
                await stream.send_all(_client_hello(target.tls))
                await stream.receive_some()

    return _visit_for_ever(connections, visit)


def _client_hello(context: ssl.SSLContext) -> bytes:
    outgoing = ssl.MemoryBIO()
    beginning = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=TLS_NAME)
    with suppress(ssl.SSLWantReadError):
        beginning.do_handshake()
    return outgoing.read()


def _half_records(*, connections: int = 1_000) -> Shape:
    """Begin a record of 16 KiB on many connections and leave it there."""

    async def visit(target: Target, number: int) -> None:
        async with await target.connect(number) as stream:
            await _shake_hands(target, stream)
            await stream.send_all(b"\x17\x03\x03\x40\x00")
            await stream.receive_some()

    return _visit_for_ever(connections, visit, partial(trio.sleep, REOPEN_SECONDS))


def _records(*, connections: int = 10) -> Shape:
    """Send the body of a request one byte to each record."""

    async def run(target: Target) -> None:
        async def keep(number: int) -> None:
            while True:
                with suppress(OSError, trio.BrokenResourceError):
                    async with await target.open(number) as stream:
                        await stream.send_all(
                            request("POST", "/nope", "Content-Length: 100000000000")
                        )
                        while True:
                            await stream.send_all(b"a")

        async with trio.open_nursery() as nursery:
            for number in range(connections):
                nursery.start_soon(keep, number)

    return run


async def _burn(_target: Target) -> None:
    """Use the CPU and send nothing: what any busy process costs others on this machine."""
    while True:
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass
        await trio.lowlevel.checkpoint()


def _streams(unit: Callable[[int], bytes], *, connections: int = 10) -> Shape:
    """Open streams for ever: unit makes the frames of the stream of a number."""

    def pieces() -> Iterator[bytes]:
        for first in range(1, 2**31 - 200, 200):
            yield b"".join(unit(stream) for stream in range(first, first + 200, 2))

    async def run(target: Target) -> None:
        async with trio.open_nursery() as nursery:
            for number in range(connections):
                nursery.start_soon(_repeat, target, number, PREFACE + settings(), _Fresh(pieces))

    return run


@attrs.frozen
class _Fresh:
    """An iterable that begins anew on each connection."""

    _make: Callable[[], Iterator[bytes]]

    def __iter__(self) -> Iterator[bytes]:
        return self._make()


FORM: Final = ("Content-Type: application/x-www-form-urlencoded", "Content-Length: 1000")
CHUNKED: Final = request("POST", "/nope", "Transfer-Encoding: chunked")
OPENED: Final = PREFACE + settings()
# 100 answers that wait for a window.
WAITING: Final = (
    PREFACE
    + settings(window=0)
    + b"".join(headers(stream, b"/health") for stream in range(1, 201, 2))
)
# HPACK, RFC 7541, 6: a table of 0 and then 4 096 bytes; a field of 1 000 bytes, repeated 40 times.
TABLE_SIZES: Final = b"\x20\x3f\xe1\x1f"
LARGE_FIELDS: Final = b"\x40\x01a\x7f\xe9\x06" + b"b" * 1_000 + b"\xbe" * 40
# Half a head, in the largest frames.
HALF_HEADS: Final = (
    OPENED
    + frame(HEADERS, b"\0" * 2**14, stream=1)
    + 62 * frame(CONTINUATION, b"\0" * 2**14, stream=1)
)

SHAPES: Final[dict[str, Shape]] = {
    "no attack: a busy process": _burn,
    "h1 chunks of 1 byte": flood(CHUNKED, b"1\r\na\r\n"),
    "h1 chunks of 16 bytes": flood(CHUNKED, b"10\r\n" + b"a" * 16 + b"\r\n"),
    "h1 chunks with extensions": flood(CHUNKED, b"1;a=b\r\na\r\n"),
    "h1 chunk extension without end": flood(CHUNKED + b"1;", b"a" * 1024),
    "h1 trailers": flood(CHUNKED + b"0\r\n", b"a: b\r\n"),
    "h1 body without end": flood(
        request("POST", "/nope", "Content-Length: 100000000000"), b"a" * 1024
    ),
    "h1 requests for nothing": flood(b"", request("GET", "/nope")),
    "h1 WebSocket upgrades": flood(
        b"", request("GET", "/mcp", "Connection: Upgrade", "Upgrade: websocket")
    ),
    "h1 wrong tokens": flood(
        b"",
        request("POST", "/reports/stock", "Authorization: Bearer wrong", "Content-Length: 0"),
    ),
    "h1 half forms, /oauth/token": hold(request("POST", "/oauth/token", *FORM) + b"a"),
    "h1 half forms, /mcp": hold(request("POST", "/mcp", *FORM) + b"a"),
    "h1 half forms, REST": hold(request("POST", "/reports/stock", *FORM) + b"a"),
    "h1 bodies that wait for 100 Continue": hold(
        request("POST", "/mcp", *FORM, "Expect: 100-continue")
    ),
    "h1 half heads": hold(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA: "),
    "h1 silent connections": hold(b""),
    "h1 connections": _connect_and_leave(20),
    "h2 PING": flood(OPENED, frame(PING, b"12345678")),
    "h2 WINDOW_UPDATE": flood(OPENED, frame(WINDOW_UPDATE, b"\0\0\0\1")),
    "h2 unknown frames": flood(OPENED, frame(UNKNOWN)),
    "h2 PRIORITY": flood(OPENED, frame(PRIORITY, b"\0\0\0\0\1", stream=1)),
    "h2 PRIORITY_UPDATE": flood(OPENED, frame(PRIORITY_UPDATE, b"\0\0\0\1u=1")),
    "h2 SETTINGS, 100 streams": flood(
        WAITING, settings(window=1) + settings(window=0), connections=1
    ),
    "h2 SETTINGS, 10 x 100 streams": flood(WAITING, settings(window=1) + settings(window=0)),
    "h2 WINDOW_UPDATE, 100 streams": flood(
        WAITING + frame(SETTINGS), frame(WINDOW_UPDATE, b"\0\0\0\1")
    ),
    "h2 empty DATA": flood(OPENED + headers(1, b"/nope", flags=END_HEADERS), frame(DATA, stream=1)),
    "h2 DATA of 1 byte": flood(
        OPENED + headers(1, b"/nope", flags=END_HEADERS), frame(DATA, b"a", stream=1)
    ),
    "h2 CONTINUATION": flood(OPENED + frame(HEADERS, stream=1), frame(CONTINUATION, stream=1)),
    "h2 half heads": hold(HALF_HEADS),
    "h2 large heads": _streams(lambda stream: headers(stream, b"/nope", after=LARGE_FIELDS)),
    "h2 header table sizes": _streams(lambda stream: headers(stream, b"/nope", before=TABLE_SIZES)),
    "h2 rapid reset": _streams(
        lambda stream: headers(stream, b"/health") + frame(RST_STREAM, b"\0\0\0\x08", stream=stream)
    ),
    "h2 requests for nothing": _streams(lambda stream: headers(stream, b"/nope")),
    "h2 answers not read": hold(WAITING, connections=100),
}

TLS_SHAPES: Final[dict[str, Shape]] = {
    "tls handshakes": _handshakes(is_whole=True),
    "tls half handshakes": _handshakes(is_whole=False),
    "tls records of 1 byte": _records(),
    "tls half records": _half_records(),
}
"""What needs a gateway that serves TLS."""

UNKNOWN_CALLER: Final = ("127.0.0.2",)
# Of its own: an address that had a known caller in the last minute has first turns.
ATTACKING_CALLER: Final = ("127.0.0.3",)
MANY: Final = tuple(f"127.0.2.{number}" for number in range(1, 201))
PROXY: Final = ("127.0.1.1",)
CALLER: Final = ("127.0.0.1",)

_WIDE: Final = ("h1 chunks of 1 byte", "h1 half forms, /mcp", "h1 wrong tokens", "h2 PING")
Runs = dict[str, tuple[Shape, tuple[str, ...]]]


def _from_everywhere(shapes: dict[str, Shape], wide: Iterable[str]) -> Runs:
    """Return all shapes from an address without a known caller, and some also from others."""
    runs: Runs = {name: (shape, UNKNOWN_CALLER) for name, shape in shapes.items()}
    for suffix, sources in (
        ("200 addresses", MANY),
        ("trusted proxy", PROXY),
        ("the caller's address", CALLER),
    ):
        runs |= {f"{name}; {suffix}": (shapes[name], sources) for name in wide}
    return runs


RUNS: Final = _from_everywhere(SHAPES, _WIDE) | {
    "h1 requests of a known caller": (
        flood(b"", request("GET", "/reports/stock", f"Authorization: Bearer {DEMO_API_TOKEN}")),
        ATTACKING_CALLER,
    )
}
"""What runs by name: a shape and its source addresses."""
TLS_RUNS: Final = RUNS | _from_everywhere(TLS_SHAPES, ("tls handshakes",))
"""What runs by name against a gateway that serves TLS."""


def run(name: str, port: int, certificate: Path | None = None) -> None:
    """Run one of TLS_RUNS until the process is ended. certificate: of a gateway with TLS."""
    shape, sources = TLS_RUNS[name]
    target = Target(port=port, sources=sources, tls=client_context(certificate))
    print("started", flush=True)
    trio.run(partial(shape, target))


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), *map(Path, sys.argv[3:]))
