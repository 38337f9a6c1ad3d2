"""A 1C for measurements: answers by itself, at once or after a delay. Prints its URL."""

import argparse
import asyncio
import itertools
import re
from typing import Final

_LENGTH: Final = re.compile(rb"(?i)content-length: *(\d+)")
_REFS: Final = ("product", "warehouse", "customer")
_FIGURES: Final = ("qty", "amount", "price", "discount")
_REF: Final = '{"id":"5e1d6c1a-5d0f-4f57-9f0a-%012d","label":"Товар оптовий %d"}'
_ids: Final = itertools.count(1)
COLUMNS: Final = '"columns":[%s]' % ",".join(  # noqa: UP031 - JSON is full of braces
    [f'{{"name":"{name}","type":"ref"}}' for name in _REFS]
    + [f'{{"name":"{name}","type":"number"}}' for name in _FIGURES]
)
CANDIDATE: Final = (
    b'{"candidates":[{"id":"%b","label":"\xd0\x9e\xd0\xbf\xd1\x82 1","city":"Kyiv"}]}'
)


def report(rows: int) -> bytes:
    """A report of 1C as it stands on the wire: about 300 bytes per row."""
    listed = ",".join(
        f"[{','.join([_REF % (number, number)] * len(_REFS))},{number}.25,1234.50,10.00,0.00]"
        for number in range(rows)
    )
    body = f'{{{COLUMNS},"rows":[{listed}],"totals":{{"qty":1234.50}}}}'.encode()
    return _response(body)


def _response(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


class _Onec(asyncio.Protocol):
    def __init__(self, report_bytes: bytes, delay_seconds: float) -> None:
        self._report, self._delay = report_bytes, delay_seconds
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._received, 0, head)
        end = head + 4 + (int(length[1]) if length else 0)
        if len(self._received) < end:
            return
        request, self._received = self._received[:end], self._received[end:]
        is_resolver = b"/resolve/" in request[: request.find(b"\r\n")]
        # No two are equal, so that nothing which was read before can be used again.
        answer = _response(CANDIDATE % (b"c%07d" % next(_ids))) if is_resolver else self._report
        if self._delay and b"/health" not in request[:60]:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def _serve(rows: int, delay_ms: int) -> None:
    answer = report(rows)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Onec(answer, delay_ms / 1000), "127.0.0.1", 0, backlog=4096
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--delay-ms", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(_serve(options.rows, options.delay_ms))
