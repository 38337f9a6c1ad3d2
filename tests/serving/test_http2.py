"""HTTP/2: what is refused ends a stream or a connection, never the process."""

from typing import Any

import h2.events
import pytest
import trio

from onecgw.serving.heads import MAX_HEADERS, MAX_HEADERS_BYTES, MAX_TARGET_BYTES
from tests.serving.support import Http2Client, answer, assert_it_serves, echo, serving

REFUSED: dict[str, tuple[dict[str, Any], list[tuple[bytes, bytes]], int]] = {
    "letters in the path": ({"path": "/шлях".encode()}, [], 400),
    "bytes in the path": ({"path": b"/\xff\xfe"}, [], 400),
    "no slash": ({"path": b"path"}, [], 400),
    "star": ({"path": b"*"}, [], 400),
    "long target": ({"path": b"/" + b"a" * MAX_TARGET_BYTES}, [], 414),
    "many headers": ({}, [(b"a", b"1")] * (MAX_HEADERS + 1), 431),
    "large header": ({}, [(b"a", b"a" * MAX_HEADERS_BYTES)], 431),
    "websocket": ({"method": "CONNECT"}, [(b":protocol", b"websocket")], 501),
}


@pytest.mark.parametrize(("request_", "headers", "status"), REFUSED.values(), ids=REFUSED)
async def test_a_head_that_is_refused_ends_its_stream_alone(
    request_: dict[str, Any], headers: list[tuple[bytes, bytes]], status: int
) -> None:
    async with serving() as served, await Http2Client.open(served) as client:
        other = await client.ask(end=False)
        refused = await client.ask(*headers, **request_)

        assert await client.status_of(refused) == status
        client.h2.end_stream(other)
        await client.flush()
        assert await client.body_of(other) == b"GET /path h "


async def test_a_body_that_nobody_reads_does_not_end_the_other_streams() -> None:
    async def refuse_posts(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            await answer(send, b"", 413)
            return
        await echo(scope, receive, send)

    async with serving(refuse_posts) as served, await Http2Client.open(served) as client:
        other = await client.ask(end=False)
        refused = await client.ask(end=False, method="POST")
        assert await client.status_of(refused) == 413
        for _ in range(20):
            client.h2.send_data(refused, b"a" * 1_000)
            await client.flush()
        client.h2.end_stream(other)
        await client.flush()

        assert await client.body_of(other) == b"GET /path h "


async def test_a_large_answer_arrives_whole() -> None:
    body = bytes(range(256)) * 4_000

    async def large(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await echo(scope, receive, send)
        await answer(send, body)

    async with serving(large) as served, await Http2Client.open(served) as client:
        stream_id = await client.ask()
        client.h2.increment_flow_control_window(len(body))
        client.h2.increment_flow_control_window(len(body), stream_id)
        await client.flush()

        assert await client.body_of(stream_id) == body


async def test_a_client_that_takes_nothing_loses_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("onecgw.serving.http2.PIECE_SECONDS", 0.1)

    async def large(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await echo(scope, receive, send)
        await answer(send, b"a" * 1_000_000)

    async with serving(large) as served, await Http2Client.open(served) as client:
        await client.ask()  # and its window is never made larger

        await client.wait(h2.events.ConnectionTerminated)
        await assert_nothing_stays(served)


async def assert_nothing_stays(served: Any) -> None:
    served.stop.set()
    await served.ended.wait()


async def test_many_requests_that_are_taken_back_leave_the_server_well() -> None:
    async with serving() as served:
        async with await Http2Client.open(served) as client:
            for _ in range(500):
                stream_id = await client.ask()
                client.h2.reset_stream(stream_id)
            await client.flush()

        await assert_it_serves(served)


async def test_a_stop_lets_answers_end_and_sends_new_requests_elsewhere() -> None:
    asked, release = trio.Event(), trio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await echo(scope, receive, send)
        asked.set()
        await release.wait()
        await answer(send, b"late")

    async with serving(slow) as served, await Http2Client.open(served) as client:
        first = await client.ask()
        await asked.wait()
        served.stop.set()
        while True:  # until the stop has reached the connection
            refused = await client.ask()
            with trio.move_on_after(0.05):
                reset = await client.wait(h2.events.StreamReset, refused)
                break
        release.set()

        assert reset.error_code == 7  # REFUSED_STREAM
        assert await client.body_of(first) == b"late"
        await client.wait(h2.events.ConnectionTerminated)
        await served.ended.wait()


async def test_an_idle_connection_hears_of_the_stop() -> None:
    async with serving() as served, await Http2Client.open(served) as client:
        stream_id = await client.ask()
        await client.body_of(stream_id)
        served.stop.set()

        ended = await client.wait(h2.events.ConnectionTerminated)
        await served.ended.wait()

    assert ended.error_code == 0
