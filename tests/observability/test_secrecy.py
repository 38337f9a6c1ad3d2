"""No secret of a request is logged at debug, over either version of HTTP, on any surface."""

import io
import logging
from functools import partial
from pathlib import Path

import h2.events
import pytest
import trio

from onecgw.app.serve import serve_gateway
from onecgw.observability.logging import set_up_logging
from tests.builders.http_server import Http2Client, Served, read_to_end
from tests.hostile.gateway import make_settings, serve_onec

pytestmark = pytest.mark.usefixtures("log_is_given_back")

TEST_SECONDS = 60
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# Method, path with query, type and body; {} is a canary.
REQUESTS = (
    ("GET", "/health?token={}", "", ""),
    ("GET", "/openapi.json", "", ""),
    ("GET", "/oauth/authorize?response_type=code&client_id={}&state={}&code_challenge={}", "", ""),
    ("POST", "/oauth/authorize", FORM, "request={}&transaction={}&key={}"),
    ("POST", "/oauth/token", FORM, "grant_type=refresh_token&client_id=a&refresh_token={}"),
    ("POST", "/oauth/token", FORM, "grant_type=authorization_code&code={}&code_verifier={}"),
    ("POST", "/oauth/revoke", FORM, "token={}"),
    ("POST", "/oauth/register", JSON, '{"redirect_uris": ["https://example.com/{}"]}'),
    ("POST", "/mcp", JSON, '{"jsonrpc": "2.0", "id": 1, "method": "{}"}'),
    ("POST", "/mcp?access_token={}", FORM, "access_token={}"),
    ("POST", "/reports/stock", JSON, '{"warehouse": "{}"}'),
    ("POST", "/reports/stock", FORM, "token={}"),
    ("GET", "/nope/{}", "", ""),
)
SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization", "x-api-key", "mcp-session-id")


class Canaries:
    """Makes values that are recognised anywhere."""

    def __init__(self) -> None:
        self.values: list[str] = []

    def __call__(self) -> str:
        self.values.append(f"canary-{len(self.values):04}-yellow")
        return self.values[-1]

    def fill(self, text: str) -> str:
        while "{}" in text:
            text = text.replace("{}", self(), 1)
        return text

    def headers(self, content_type: str) -> dict[str, str]:
        headers = {name: f"Bearer {self()}" for name in SECRET_HEADERS}
        return headers | ({"content-type": content_type} if content_type else {})


async def send_http1(served: Served, canaries: Canaries) -> None:
    for method, path, content_type, body in REQUESTS:
        data = canaries.fill(body).encode()
        headers = canaries.headers(content_type) | {"content-length": str(len(data))}
        lines = [f"{method} {canaries.fill(path)} HTTP/1.1", "host: 127.0.0.1", "connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        async with await served.connect() as stream:
            await stream.send_all("\r\n".join([*lines, "", ""]).encode() + data)
            assert (await read_to_end(stream)).startswith(b"HTTP/1.1 ")
    async with await served.connect() as stream:
        await stream.send_all(f"GET / HTTP/1.1\r\nhost: Bearer_{canaries()}\r\n\r\n".encode())
        await stream.send_eof()
        assert (await read_to_end(stream)).startswith(b"HTTP/1.1 ")


async def send_http2(served: Served, canaries: Canaries) -> None:
    async with await Http2Client.open(served) as client:
        for method, path, content_type, body in REQUESTS:
            headers = [
                (name.encode(), value.encode())
                for name, value in canaries.headers(content_type).items()
            ]
            stream_id = client.h2.get_next_available_stream_id()
            head = [(b":method", method.encode()), (b":scheme", b"http")]
            head += [(b":path", canaries.fill(path).encode()), (b":authority", b"127.0.0.1")]
            client.h2.send_headers(stream_id, head + headers)
            client.h2.send_data(stream_id, canaries.fill(body).encode(), end_stream=True)
            await client.flush()
            await client.wait(h2.events.ResponseReceived, stream_id)


@pytest.mark.parametrize("send", [send_http1, send_http2])
async def test_no_secret_is_logged_at_debug(tmp_path: Path, send: object) -> None:
    log = io.StringIO()
    set_up_logging(level="debug", log_format="json", stream=log)
    canaries = Canaries()
    announced, is_up = [""], trio.Event()

    def announce(url: str) -> None:
        announced[0] = url
        is_up.set()

    with trio.fail_after(TEST_SECONDS):
        async with trio.open_nursery() as nursery:
            onec_url = await nursery.start(serve_onec)
            settings = make_settings(onec_url, tmp_path, password=canaries())
            nursery.start_soon(partial(serve_gateway, settings, announce=announce))
            await is_up.wait()
            served = Served(int(announced[0].rpartition(":")[2]), trio.Event())
            await send(served, canaries)  # type: ignore[operator]
            nursery.cancel_scope.cancel()

    text = log.getvalue()
    assert '"level":"debug"' in text
    assert len(canaries.values) > len(REQUESTS)
    assert [canary for canary in canaries.values if canary in text] == []


def test_libraries_log_only_warnings() -> None:
    set_up_logging(level="debug", log_format="json", stream=io.StringIO())

    levels = {
        name: logging.getLogger(name).getEffectiveLevel()
        for name in ("hpack", "h2", "httpx", "httpcore.http11", "hypercorn.error", "onecgw.web")
    }
    assert levels == dict.fromkeys(levels, logging.WARNING) | {"onecgw.web": logging.DEBUG}
