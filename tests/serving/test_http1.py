"""HTTP/1.1: what is refused, and that nothing changes the protocol of a connection."""

from typing import Any

import pytest
import trio
import trio.testing

from onecgw.serving.header_limits import MAX_HEADERS, MAX_HEADERS_BYTES, MAX_TARGET_BYTES
from tests.builders.http_server import (
    GET,
    LateAnswer,
    answer,
    app_of,
    ask,
    assert_it_serves,
    assert_nothing_stays,
    echo,
    fail_midway,
    read_answer,
    read_to_end,
    serving,
    stream_until_gone,
)

CLOSE = b"Connection: close\r\n"


def get(target: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n" + headers + CLOSE + b"\r\n"


REFUSED = {
    "long target": (get(b"/" + b"a" * MAX_TARGET_BYTES), 414),
    "many headers": (get(b"/", b"A: 1\r\n" * (MAX_HEADERS + 1)), 431),
    "large header": (get(b"/", b"A: " + b"a" * MAX_HEADERS_BYTES + b"\r\n"), 431),
    "endless header": (b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 200_000, 431),
    "two framings": (
        (
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        400,
    ),
    "empty path": (get(b"?a=b"), 400),
    "relative path": (get(b"path"), 400),
    "star": (get(b"*"), 400),
    "other scheme": (get(b"ftp://h/path"), 400),
    "broken host in the target": (get(b"http://[::1/path"), 400),
    "bare LF": (b"GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", 400),
    "bare LF at the end": (b"GET / HTTP/1.1\r\nHost: h\r\n\n", 400),
    "folded header": (get(b"/", b"Authorization: Bearer\r\n a\r\n"), 400),
    "header folded with a tab": (get(b"/", b"Authorization: Bearer\r\n\ta\r\n"), 400),
    "HTTP/3.7": (b"GET / HTTP/3.7\r\nHost: h\r\n\r\n", 505),
    "HTTP/2.0 in the syntax of HTTP/1": (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    "chunks of HTTP/1.0": (
        b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n", 400),
    "tunnel": (b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
}


@pytest.mark.parametrize(("request_bytes", "status"), REFUSED.values(), ids=REFUSED)
async def test_a_head_that_is_refused_gets_its_status_and_the_connection_ends(
    request_bytes: bytes, status: int
) -> None:
    async with serving() as served:
        answered = await ask(served, request_bytes + b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")

        assert answered.startswith(b"HTTP/1.1 %d " % status)
        assert answered.count(b"HTTP/1.1") == 1
        assert b"connection: close" in answered.lower()
        await assert_it_serves(served)


async def test_a_head_at_all_limits_is_answered_however_it_arrives() -> None:
    target = b"/" + b"a" * (MAX_TARGET_BYTES - 1)
    names = [b"a%02d" % number for number in range(MAX_HEADERS - 2)]
    rest_bytes = MAX_HEADERS_BYTES - len(b"hosthconnectionclose") - len(b"".join(names))
    values = [b"a" * (rest_bytes // len(names)) for _ in names]
    values[0] += b"a" * (rest_bytes - len(b"".join(values)))
    lines = [name + b": " + value + b"\r\n" for name, value in zip(names, values, strict=True)]
    request = get(target, b"".join(lines))

    async with serving() as served, await served.connect() as stream:
        await stream.send_all(request[:-1])
        await trio.testing.wait_all_tasks_blocked(0.01)
        await stream.send_all(request[-1:])
        answered = await read_to_end(stream)

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b"GET " + target + b" h ")


async def test_a_target_that_is_a_whole_url_says_the_host() -> None:
    async with serving() as served:
        answered = await ask(served, get(b"http://other:8088/path?a=b"))

    assert answered.endswith(b"GET /path other:8088 ")


@pytest.mark.parametrize(
    "headers",
    [
        b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n",
        b"Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: ???\r\n",
        (
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        ),
    ],
    ids=["h2c", "broken h2c", "websocket"],
)
async def test_an_upgrade_is_ignored(headers: bytes) -> None:
    async with serving() as served, await served.connect() as stream:
        await stream.send_all(b"GET /path HTTP/1.1\r\nHost: h\r\n" + headers + b"\r\n")

        assert (await read_answer(stream)).startswith(b"HTTP/1.1 200 ")
        await stream.send_all(GET)
        assert (await read_answer(stream)).endswith(b"GET /path h ")


async def test_requests_that_are_sent_at_once_are_answered_in_order() -> None:
    async with serving() as served, await served.connect() as stream:
        paths = [b"/%d" % number for number in range(20)]
        await stream.send_all(b"".join(GET.replace(b"/path", path) for path in paths[:-1]))
        await stream.send_all(get(paths[-1]))
        answered = await read_to_end(stream)

    bodies = [part.split(b"HTTP/1.1")[0] for part in answered.split(b"\r\n\r\n")[1:]]
    assert bodies == [b"GET %s h " % path for path in paths]


async def test_the_head_and_the_body_of_an_answer_leave_together() -> None:
    async with serving() as served, await served.connect() as stream:
        await stream.send_all(GET)

        assert (await stream.receive_some()).endswith(b"GET /path h ")


async def test_an_answer_before_a_body_that_is_not_read_arrives_whole() -> None:
    """A reset, which unread bytes provoke, would destroy it; a full queue would stop it."""

    @app_of
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 413)

    async with serving(refuse) as served, await served.connect() as stream:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_send_much, stream)
            answered = await read_to_end(stream)

        assert answered.endswith(b"\r\n\r\nno")
        await assert_nothing_stays(served)


async def test_a_connection_outlives_an_answer_that_came_before_the_body() -> None:
    async def refuse_posts(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            await answer(send, b"who are you?", 401)
            return
        await echo(scope, receive, send)

    async with serving(refuse_posts) as served, await served.connect() as stream:
        for _ in range(3):
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
            assert (await read_answer(stream)).endswith(b"who are you?")
            await stream.send_all(b"def")
            await stream.send_all(b"ghi" + GET)
            assert (await read_answer(stream)).endswith(b"GET /path h ")


UPGRADE = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"


@pytest.mark.parametrize("request_bytes", [GET, GET + GET, UPGRADE], ids=["1", "2", "upgrade"])
async def test_a_client_that_leaves_an_answer_leaves_nothing(request_bytes: bytes) -> None:
    async with serving(stream_until_gone) as served:
        async with await served.connect() as stream:
            await stream.send_all(request_bytes)
            await stream.receive_some()

        await assert_nothing_stays(served)


async def test_a_client_that_asked_for_an_upgrade_and_leaves_is_noticed() -> None:
    requested, gone = trio.Event(), trio.Event()

    @app_of
    async def wait_gone(scope: Any, receive: Any, send: Any) -> None:
        requested.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with serving(wait_gone) as served:
        async with await served.connect() as stream:
            await stream.send_all(UPGRADE)
            await requested.wait()

        await gone.wait()


@pytest.mark.parametrize("requests", [1, 2])
async def test_half_an_answer_ends_the_connection(requests: int) -> None:
    async with serving(fail_midway) as served:
        answered = await ask(served, GET * requests)

        assert answered.endswith(b"half\r\n")  # and not the chunk that ends an answer
        await assert_nothing_stays(served)


async def test_a_stop_answers_the_first_of_several_requests_and_closes() -> None:
    late = LateAnswer()

    async with serving(late.app) as served, await served.connect() as stream:
        await stream.send_all(GET + GET)
        await late.requested.wait()
        served.stop.set()
        await trio.testing.wait_all_tasks_blocked()
        late.release.set()

        assert (await read_to_end(stream)).count(b"late") == 1
        await stream.aclose()
        await assert_nothing_stays(served)


async def test_what_follows_the_last_request_is_not_looked_at() -> None:
    async with serving() as served:
        answered = await ask(served, get(b"/path") + b"\r\n\xff\x00 no HTTP")

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b"GET /path h ")


async def test_only_the_first_request_can_be_the_beginning_of_http_2() -> None:
    """A proxy that was talked into letting it through would carry requests past its rules."""
    async with serving() as served:
        answered = await ask(served, GET + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    assert answered.count(b"HTTP/1.1 200 ") == 1
    assert answered.count(b"HTTP/1.1 505 ") == 1


async def _send_much(stream: trio.SocketStream) -> None:
    try:
        await stream.send_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n")
        for _ in range(40):
            await stream.send_all(b"a" * 100_000)
    except trio.BrokenResourceError:
        pass
