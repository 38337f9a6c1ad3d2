"""TLS on the gateway's own socket: both versions of HTTP by ALPN, and what clients do wrongly."""

import gc
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from onecgw.serving.tls import HANDSHAKE_SECONDS
from onecgw.tls_certificate import read_certificate
from tests.builders.browser import IS_THERE, MISSING, open_browser
from tests.builders.certificate import make_certificate
from tests.builders.http_server import (
    App,
    Served,
    answer,
    app_of,
    assert_nothing_stays,
    echo,
    read_to_end,
    serving,
)

LARGE_BYTES = 3_000_000
HEADERS = {"host": "localhost"}


@asynccontextmanager
async def serving_tls(
    folder: Path, app: App = echo, **options: Any
) -> AsyncIterator[tuple[Served, ssl.SSLContext]]:
    """A server with a certificate for localhost, and a client's settings that trust it."""
    path = make_certificate(folder, "localhost")
    certificate = read_certificate(path, path)
    trusting = ssl.create_default_context(cafile=path)
    async with serving(app, tls=lambda: certificate.context, **options) as served:
        yield served, trusting


@app_of
async def show_scheme(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, f"{scope['scheme']} {scope['http_version']}".encode())


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(("option", "version"), [("--http2", "2"), ("--http1.1", "1.1")])
async def test_curl_gets_the_version_that_it_offers(
    option: str, version: str, tmp_path: Path
) -> None:
    async with serving_tls(tmp_path, show_scheme) as (served, _):
        command = ["curl", "-s", option, "--cacert", str(tmp_path / "localhost.pem")]
        done = await trio.run_process(
            [*command, f"https://localhost:{served.port}/", "-w", " %{http_version}"],
            capture_stdout=True,
        )
        await assert_nothing_stays(served)

    assert done.stdout.decode() == f"https {version} {version}"


@pytest.mark.parametrize("http2", [False, True])
async def test_large_bodies_pass_both_ways(http2: bool, tmp_path: Path) -> None:
    async with (
        serving_tls(tmp_path) as (served, trusting),
        httpx.AsyncClient(verify=trusting, http1=not http2, http2=http2) as client,
    ):
        for _ in range(2):
            response = await client.post(
                f"https://localhost:{served.port}/x", content=b"b" * LARGE_BYTES
            )

    assert response.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    assert response.content == b"POST /x localhost:%d " % served.port + b"b" * LARGE_BYTES


async def test_the_end_of_an_answer_is_announced(tmp_path: Path) -> None:
    # Without close_notify, a client cannot know that an answer without a length is whole.
    async with serving_tls(tmp_path) as (served, trusting), await served.connect() as tcp:
        stream = trio.SSLStream(tcp, trusting, server_hostname="localhost")
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received = b""
        while chunk := await stream.receive_some():
            received += chunk

    assert received.endswith(b"\r\n\r\nGET / h ")


async def test_plain_http_gets_the_advice_to_use_https_and_others_are_served(
    tmp_path: Path,
) -> None:
    async with serving_tls(tmp_path) as (served, trusting):
        async with await served.connect() as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            said = await read_to_end(stream)
        async with httpx.AsyncClient(verify=trusting) as client:
            response = await client.get(f"https://localhost:{served.port}/")

    assert said == (
        b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n"
        b"content-length: 35\r\n\r\nthis port speaks TLS; use https://\n"
    )
    assert response.status_code == 200


async def test_who_does_not_shake_hands_is_disconnected(
    running_clock: MockClock, tmp_path: Path
) -> None:
    async with serving_tls(tmp_path) as (served, _), await served.connect() as stream:
        await stream.send_all(b"\x16\x03\x01")
        await trio.testing.wait_all_tasks_blocked(0.1)
        running_clock.jump(HANDSHAKE_SECONDS)
        assert await read_to_end(stream) == b""
        await assert_nothing_stays(served)


async def test_nothing_of_tls_waits_for_the_garbage_collector(tmp_path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        async with serving_tls(tmp_path) as (served, trusting):
            for is_broken in (False, True):
                async with await served.connect() as stream:
                    if is_broken:
                        await stream.send_all(b"not TLS at all")
                    else:
                        tls = trio.SSLStream(stream, trusting, server_hostname="localhost")
                        await tls.do_handshake()
            await assert_nothing_stays(served)
        kept = [one for one in gc.get_objects() if isinstance(one, ssl.SSLObject)]
        assert not [one for one in kept if one.server_side]
    finally:
        gc.enable()


async def test_a_stop_does_not_wait_for_a_handshake(tmp_path: Path) -> None:
    async with serving_tls(tmp_path) as (served, _), await served.connect():
        await trio.testing.wait_all_tasks_blocked(0.1)
        await assert_nothing_stays(served)


async def test_a_renewed_certificate_is_that_of_new_connections(tmp_path: Path) -> None:
    before, after = (make_certificate(tmp_path, name) for name in ("localhost", "renewed"))
    used = read_certificate(before, before)
    async with serving(tls=lambda: used.context) as served:
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=before)) as client:
            url = f"https://localhost:{served.port}/"
            assert (await client.get(url)).status_code == 200
            used = read_certificate(after, after)
            # The connection that is open goes on.
            assert (await client.get(url)).status_code == 200
        trusting = ssl.create_default_context(cafile=after)
        async with await served.connect() as tcp:
            stream = trio.SSLStream(tcp, trusting, server_hostname="renewed")
            await stream.do_handshake()


@pytest.mark.skipif(not IS_THERE, reason=MISSING)
def test_a_browser_chooses_http2(tmp_path: Path) -> None:
    script = "return performance.getEntriesByType('navigation')[0].nextHopProtocol"

    async def look() -> tuple[str, str]:
        async with serving_tls(tmp_path, show_scheme) as (served, _):
            return await trio.to_thread.run_sync(browse, f"https://localhost:{served.port}/")

    def browse(url: str) -> tuple[str, str]:
        browser.open(url)
        return browser.text("body"), browser.run(script)

    with open_browser(tmp_path, trusts_any_certificate=True) as browser:
        assert trio.run(look) == ("https 2", "h2")
