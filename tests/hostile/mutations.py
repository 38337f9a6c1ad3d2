"""Requests with some of their bytes replaced, removed or inserted."""

import random
import ssl
from contextlib import suppress
from typing import Final

import trio

from tests.hostile import gateway, shapes
from tests.hostile.shapes import frame, headers, request

SENDERS: Final = 8
ANSWER_SECONDS: Final = 5
TLS_ANSWER_SECONDS: Final = 0.3  # TLS has no half-close, so half a request is never answered
MODELS: Final = (
    gateway.CALL,
    request("GET", "/health"),
    request("POST", "/oauth/token", *shapes.FORM[:1], "Content-Length: 29")
    + b"grant_type=authorization_code",
    request("POST", "/oauth/register", "Content-Type: application/json", "Content-Length: 21")
    + b'{"redirect_uris":[1]}',
    request("GET", "/oauth/authorize?response_type=code&client_id=a&redirect_uri=b&state=c"),
    request("POST", "/mcp", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\nA: b\r\n\r\n",
    shapes.PREFACE
    + shapes.settings(window=100)
    + headers(1, b"/health")
    + frame(shapes.DATA, b"abc", flags=1, stream=1)
    + frame(shapes.RST_STREAM, b"\0\0\0\x08", stream=1)
    + frame(shapes.PRIORITY, b"\0\0\0\0\1", stream=3)
    + frame(shapes.WINDOW_UPDATE, b"\0\0\0\1")
    + frame(shapes.PING, b"12345678"),
)
_PIECES: Final = (b"\r\n", b"\n", b" ", b"\0", b"\xff", b":", b"\r\n ", b"%", b"HTTP/1.1", b"0")


def mutate(data: bytes, source: random.Random) -> bytes:
    """Change one to six places."""
    mutated = bytearray(data)
    for _ in range(source.randint(1, 6)):
        at = source.randint(0, len(mutated))
        new = source.choice((b"", source.choice(_PIECES), source.randbytes(source.randint(1, 4))))
        mutated[at : at + source.randint(0, 4)] = new
    return bytes(mutated)


async def send(
    port: int, *, inputs: int, seed: int, tls: ssl.SSLContext | None = None
) -> list[bytes]:
    """Send mutated inputs, each on its own connection; return those that were answered by 500."""
    source = random.Random(seed)
    queue = [mutate(source.choice(MODELS), source) for _ in range(inputs)]
    failures: list[bytes] = []

    async def sender(number: int) -> None:
        # Many addresses: one would be slowed down.
        target = shapes.Target(port=port, sources=shapes.MANY, tls=tls)
        seconds = ANSWER_SECONDS if tls is None else TLS_ANSWER_SECONDS
        while queue:
            number += SENDERS
            data = queue.pop()
            with suppress(OSError, trio.BrokenResourceError), trio.move_on_after(seconds):
                async with await target.open(number) as stream:
                    await stream.send_all(data)
                    if isinstance(stream, trio.SocketStream):
                        await stream.send_eof()
                    answer = b""
                    while received := await stream.receive_some():
                        answer += received
                    if b"HTTP/1.1 500" in answer:
                        failures.append(data)

    async with trio.open_nursery() as nursery:
        for number in range(SENDERS):
            nursery.start_soon(sender, number)
    return failures
