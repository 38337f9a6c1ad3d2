"""Whole responses over ASGI: recorded ones, faulty ones, and those without end."""

import json
import zlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Final

import attrs
import trio

from onecgw.demo.fault_responses import FaultResponse

Event = MutableMapping[str, Any]  # ASGI's own shape: a message or a scope
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_PIECE_BYTES: Final = 64
_MEBIBYTE: Final = 1024 * 1024
_JSON: Final = "application/json; charset=utf-8"


@attrs.define
class ResponseRecorder:
    """Records an answer instead of sending it."""

    start: Event = attrs.field(factory=dict)
    headers: dict[bytes, bytes] = attrs.field(factory=dict)
    body: bytes = b""

    async def record(self, event: Event) -> None:
        """Stand in for `send`."""
        if event["type"] == "http.response.start":
            self.start, self.headers = event, dict(event["headers"])
        else:
            self.body += event.get("body", b"")

    def replace(self, body: bytes) -> None:
        """Replace the body and its Content-Length."""
        self.body = body
        self.headers[b"content-length"] = str(len(body)).encode()

    async def send_start(self, send: Send) -> None:
        """Send the status line and the headers."""
        await send({**self.start, "headers": [*self.headers.items()]})


async def send_refusal(send: Send, message: str) -> None:
    """Send an error in the form of the contract."""
    body = json.dumps({"error": "bad_fault", "message": message}, ensure_ascii=False).encode()
    await send_fault_response(send, FaultResponse(status=400, content_type=_JSON, body=body))


async def send_fault_response(send: Send, response: FaultResponse) -> None:
    """Send a response of the web server, a proxy or a failed 1C."""
    headers = (
        ("Content-Type", response.content_type),
        ("Content-Length", str(len(response.body))),
        *response.headers,
    )
    await send_start(send, response.status, headers)
    await send_body(send, response.body)


async def send_huge(send: Send, mebibytes: float) -> None:
    """Send a well-formed report with far too many rows."""
    await send_start(send, 200, (("Content-Type", _JSON),))
    for part in _endless_report(mebibytes):
        await send_body(send, part, more=True)
    await send_body(send, b"")


async def send_bomb(send: Send, mebibytes: float) -> None:
    """Send the same report, compressed to a thousandth of its size."""
    await send_start(send, 200, (("Content-Type", _JSON), ("Content-Encoding", "gzip")))
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for part in _endless_report(mebibytes):
        await send_body(send, packer.compress(part), more=True)
        await trio.lowlevel.checkpoint()
    await send_body(send, packer.flush())


async def drip(send: Send, body: bytes, pause_seconds: float) -> None:
    """Send a body in small pieces, with a pause after each."""
    for start in range(0, len(body), _PIECE_BYTES):
        await send_body(send, body[start : start + _PIECE_BYTES], more=True)
        await trio.sleep(pause_seconds)
    await send_body(send, b"")


async def send_start(send: Send, status: int, headers: tuple[tuple[str, str], ...]) -> None:
    """Send the status line and the headers."""
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def send_body(send: Send, body: bytes, *, more: bool = False) -> None:
    """Send a part of a body, the last one unless there is more."""
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def wait_disconnect(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _endless_report(mebibytes: float) -> Iterator[bytes]:
    yield b'{"columns":[{"name":"amount","type":"number"}],"totals":{"amount":0},"rows":[[0]'
    row = b",[12345678.90]"
    for _ in range(max(1, int(mebibytes))):
        yield row * (_MEBIBYTE // len(row))
    yield b"]}"
