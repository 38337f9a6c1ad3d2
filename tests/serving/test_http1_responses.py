"""HTTP/1.1: the framing of responses, `100 Continue`, and when a request is over."""

from typing import Any

import pytest
import trio
import trio.testing

from onecgw.serving.client_stream import ClientStream
from onecgw.serving.http1 import MAX_BUFFERED_BYTES
from tests.builders.http_server import (
    GET,
    App,
    answer,
    app_of,
    ask,
    assert_it_serves,
    assert_nothing_stays,
    read_answer,
    read_to_end,
    serving,
)

CLOSING = GET[:-2] + b"Connection: close\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EXPECTING = b"POST /path HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"


def responding(status: int, headers: list[tuple[bytes, bytes]], *parts: bytes) -> App:
    """An application that sends these parts."""

    @app_of
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, part in enumerate(parts, 1):
            more = number < len(parts)
            await send({"type": "http.response.body", "body": part, "more_body": more})

    return app


def without_date(answered: bytes) -> bytes:
    """The answer without its date."""
    lines = answered.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.startswith(b"date: "))


STREAM = responding(200, [], b"one", b"", b"two")
SIZED = responding(200, [(b"content-length", b"6")], b"one", b"two")
CLOSE = b"connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("app", "request_bytes", "expected"),
    [
        (
            STREAM,
            CLOSING,
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
            + CLOSE
            + b"3\r\none\r\n3\r\ntwo\r\n"
            b"0\r\n\r\n",
        ),
        (SIZED, CLOSING, b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n" + CLOSE + b"onetwo"),
        (
            SIZED,
            CLOSING.replace(b"GET", b"HEAD"),
            b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n" + CLOSE,
        ),
        (
            STREAM,
            CLOSING.replace(b"GET", b"HEAD"),
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n" + CLOSE,
        ),
        (STREAM, CLOSING.replace(b"/1.1", b"/1.0"), b"HTTP/1.1 200 OK\r\n" + CLOSE + b"onetwo"),
        (
            SIZED,
            b"GET / HTTP/1.0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n" + CLOSE + b"onetwo",
        ),
        (
            responding(204, [(b"content-length", b"0")], b""),
            CLOSING,
            b"HTTP/1.1 204 No Content\r\n" + CLOSE,
        ),
        (responding(304, [], b"not sent"), CLOSING, b"HTTP/1.1 304 Not Modified\r\n" + CLOSE),
        (
            responding(299, [], b""),
            CLOSING,
            b"HTTP/1.1 299 \r\ntransfer-encoding: chunked\r\n" + CLOSE + b"0\r\n\r\n",
        ),
    ],
    ids=["stream", "sized", "HEAD", "HEAD of a stream", "stream, 1.0", "1.0", "204", "304", "299"],
)
async def test_the_end_of_a_response_is_framed_and_closes_the_connection_only_if_it_must(
    app: App, request_bytes: bytes, expected: bytes
) -> None:
    async with serving(app) as served:
        assert without_date(await ask(served, request_bytes)) == expected


@pytest.mark.parametrize("first", [b"HEAD", b"GET"])
async def test_a_connection_goes_on_after_a_response_without_a_body(first: bytes) -> None:
    app = responding(200 if first == b"HEAD" else 204, [(b"content-length", b"0")], b"")
    async with serving(app) as served:
        answered = await ask(served, GET.replace(b"GET", first) + CLOSING)

    assert answered.count(b"HTTP/1.1 20") == 2


@pytest.mark.parametrize(
    "app",
    [
        responding(200, [(b"content-length", b"5")], b"one"),
        responding(200, [(b"content-length", b"5")], b"one", b"two"),
        responding(200, [(b"a", b"b\r\nc: d")], b"one"),
        responding(200, [(b"a", b"b\nc: d")], b"one"),
        responding(200, [(b"a\r\nb", b"c")], b"one"),
        responding(200, [(b"a", b"\0")], b"one"),
    ],
    ids=["short", "long", "CRLF", "LF", "name", "NUL"],
)
async def test_a_response_that_would_be_read_differently_is_a_defect_that_ends_its_connection(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(app) as served:
        answered = await ask(served, GET + GET)

    assert answered.count(b"HTTP/1.1") <= 1
    assert b"c: d" not in answered
    assert [record.msg for record in caplog.records] == ["serving.app_failed"]


async def test_an_application_that_fails_before_its_response_is_500() -> None:
    @app_of
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("private")

    async with serving(fail) as served:
        answered = await ask(served, GET + GET)

    expected = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n" + CLOSE
    assert without_date(answered) == expected


async def test_100_continue_is_sent_when_the_body_is_read() -> None:
    async with serving() as served, await served.connect() as stream:
        await stream.send_all(EXPECTING)
        assert await stream.receive_some() == CONTINUE
        await stream.send_all(b"abc")

        assert (await read_answer(stream)).endswith(b"POST /path h abc")


async def test_100_continue_is_not_sent_for_a_body_that_has_come() -> None:
    async with serving() as served, await served.connect() as stream:
        await stream.send_all(EXPECTING + b"abc")

        assert (await read_answer(stream)).startswith(b"HTTP/1.1 200 ")


async def test_an_answer_instead_of_100_continue_ends_the_connection() -> None:
    """The client may send the body nevertheless, or begin the next request."""

    @app_of
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 401)

    async with serving(refuse) as served:
        answered = await ask(served, EXPECTING)

    assert answered.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in answered


async def test_100_continue_is_not_sent_to_http_1_0() -> None:
    async with serving() as served, await served.connect() as stream:
        await stream.send_all(EXPECTING.replace(b"/1.1", b"/1.0"))
        await trio.testing.wait_all_tasks_blocked(0.01)
        await stream.send_all(b"abc")

        assert (await read_to_end(stream)).startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_the_application_does_not_receive_stays_in_the_socket() -> None:
    release = trio.Event()

    @app_of
    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        received_bytes, is_whole = 0, False
        while not is_whole:
            message = await receive()
            received_bytes += len(message["body"])
            is_whole = not message["more_body"]
        await answer(send, b"%d" % received_bytes)

    size_bytes = 20_000_000
    head = b"POST /path HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size_bytes
    async with serving(wait) as served, await served.connect() as stream:
        sent_bytes = 0

        async def send() -> None:
            nonlocal sent_bytes
            await stream.send_all(head)
            piece = b"a" * 10_000
            while sent_bytes < size_bytes:
                await stream.send_all(piece)
                sent_bytes += len(piece)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            await trio.testing.wait_all_tasks_blocked(0.3)
            assert MAX_BUFFERED_BYTES < sent_bytes < size_bytes
            release.set()
            assert (await read_answer(stream)).endswith(b"\r\n\r\n%d" % size_bytes)


async def test_a_request_is_over_when_it_is_answered() -> None:
    over: list[str] = []

    @app_of
    async def wait_over(scope: Any, receive: Any, send: Any) -> None:
        over.append((await receive())["type"])
        await answer(send, b"done")
        over.append((await receive())["type"])
        over.append((await receive())["type"])

    async with serving(wait_over) as served, await served.connect() as stream:
        await stream.send_all(GET + GET)
        both = await read_answer(stream)
        while both.count(b"done") < 2:
            both += await stream.receive_some()

    assert over == ["http.request", "http.disconnect", "http.disconnect"] * 2


async def test_who_half_closes_has_left() -> None:
    gone = trio.Event()

    @app_of
    async def wait_gone(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with serving(wait_gone) as served, await served.connect() as stream:
        await stream.send_all(GET)
        await stream.send_eof()

        await gone.wait()
        await assert_nothing_stays(served)


async def test_a_response_in_many_parts_lets_other_requests_run() -> None:
    @app_of
    async def stream_much(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/path":
            await answer(send, b"small")
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"a", "more_body": True})

    async with (
        serving(stream_much) as served,
        await served.connect() as busy,
        await served.connect() as other,
        trio.open_nursery() as nursery,
    ):
        await busy.send_all(GET.replace(b"/path", b"/much"))
        nursery.start_soon(read_to_end, busy)
        await busy.wait_send_all_might_not_block()
        await other.send_all(GET)

        assert (await read_answer(other)).endswith(b"small")
        nursery.cancel_scope.cancel()


async def test_a_stop_is_announced_in_the_response_that_is_under_way() -> None:
    @app_of
    async def stop(scope: Any, receive: Any, send: Any) -> None:
        served.stop.set()
        await trio.testing.wait_all_tasks_blocked()
        await answer(send, b"last")

    async with serving(stop) as served:
        answered = await ask(served, GET + GET)

    assert answered.endswith(b"connection: close\r\n\r\nlast")


async def test_a_stream_that_is_no_socket_is_served_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as TLS: there, bytes cannot be passed to the socket directly."""

    def is_direct(_self: ClientStream) -> bool:
        return False

    monkeypatch.setattr(
        ClientStream, "_is_direct", property(is_direct, lambda _self, _value: None), raising=False
    )
    async with serving() as served:
        await assert_it_serves(served)
        assert (await ask(served, GET + CLOSING)).count(b"GET /path h ") == 2
