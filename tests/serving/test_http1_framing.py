"""HTTP/1.1: what could make two readers disagree about the end of a request is refused."""

import itertools
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from onecgw.serving import budget
from onecgw.serving.header_limits import MAX_HEAD_BYTES
from tests.builders.http_server import (
    GET,
    answer,
    app_of,
    ask,
    assert_it_serves,
    echo,
    read_answer,
    read_to_end,
    serving,
)

HEAD = b"POST /path HTTP/1.1\r\nHost: h\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

HEADS = {
    "two equal lengths": (HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "two lengths": (HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
    "a list of lengths": (HEAD + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "a signed length": (HEAD + b"Content-Length: +3\r\n\r\nabc", 400),
    "a negative length": (HEAD + b"Content-Length: -3\r\n\r\nabc", 400),
    "a hexadecimal length": (HEAD + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "an underscore in a length": (HEAD + b"Content-Length: 1_0\r\n\r\nabc", 400),
    "two numbers": (HEAD + b"Content-Length: 1 3\r\n\r\nabc", 400),
    "an empty length": (HEAD + b"Content-Length: \r\n\r\nabc", 400),
    "a huge length": (HEAD + b"Content-Length: 99999999999999999999\r\n\r\nabc", 400),
    "a blank after the name": (HEAD + b"Content-Length : 3\r\n\r\nabc", 400),
    "a blank after the name of the coding": (
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a length after the coding": (
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    "another coding": (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "identity": (HEAD + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501),
    "two codings": (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "chunked is not the last": (
        HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two fields of codings": (
        HEAD + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "the coding twice": (
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a quoted coding": (HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 501),
    "a coding with a parameter": (HEAD + b"Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", 501),
    "a coding after a vertical tab": (
        HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "an empty coding": (HEAD + b"Transfer-Encoding: \r\n\r\n0\r\n\r\n", 400),
    "NUL in a value": (HEAD + b"A: a\0b\r\n\r\n", 400),
    "CR in a value": (HEAD + b"A: a\rb\r\n\r\n", 400),
    "CR before the end of a line": (HEAD + b"A: a\r\r\n\r\n", 400),
    "an empty name": (HEAD + b": a\r\n\r\n", 400),
    "no colon": (HEAD + b"abc\r\n\r\n", 400),
    "a folded first line": (b"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
    "bare LF after the request line": (b"GET / HTTP/1.1\nHost: h\r\n\r\n", 400),
    "a blank in the target": (b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "a blank after the version": (b"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505),
    "an unknown method": (b"BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "a method in lower case": (b"get / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
}
BODIES = {
    "a signed size": b"+3\r\nabc\r\n0\r\n\r\n",
    "0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a blank after the size": b"3 \r\nabc\r\n0\r\n\r\n",
    "a blank before the size": b" 3\r\nabc\r\n0\r\n\r\n",
    "bare LF after the size": b"3\nabc\r\n0\r\n\r\n",
    "bare LF after the data": b"3\r\nabc\n0\r\n\r\n",
    "bare LF at the end": b"3\r\nabc\r\n0\r\n\n",
    "bare LF in an extension": b"3;a=b\nabc\r\n0\r\n\r\n",
    "CR in an extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "more data than the size": b"3\r\nabcd\r\n0\r\n\r\n",
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "a huge size": b"f" * 17 + b"\r\nabc\r\n0\r\n\r\n",
    "bare LF in a trailer": b"0\r\nA: b\n\r\n",
    "a length as a trailer": b"0\r\nContent-Length: 5\r\n\r\n",
    "a coding as a trailer": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
}


@pytest.mark.parametrize(("head", "status"), HEADS.values(), ids=HEADS)
async def test_a_head_with_two_readings_is_refused_and_ends_the_connection(
    head: bytes, status: int
) -> None:
    async with serving() as served:
        answered = await ask(served, head + SMUGGLED)

    assert answered.startswith(b"HTTP/1.1 %d " % status)
    assert answered.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answered


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_chunks_with_two_readings_are_refused_and_end_the_connection(body: bytes) -> None:
    async with serving() as served:
        answered = await ask(served, CHUNKED + body + SMUGGLED)

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "body",
    [
        b"3\r\nabc\r\n0\r\n\r\n",
        b"3;a=b;c\r\nabc\r\n0\r\n\r\n",
        b"1\r\na\r\n2\r\nbc\r\n000\r\nX-Trailer: host\r\nHost: other\r\n\r\n",
    ],
    ids=["one chunk", "extensions", "trailers"],
)
async def test_chunks_are_joined_and_their_trailers_dropped(body: bytes) -> None:
    async with serving() as served, await served.connect() as stream:
        await stream.send_all(CHUNKED + body + GET)

        both = await read_answer(stream)
        while both.count(b"HTTP/1.1 200") < 2:
            both += await stream.receive_some()
    assert b"POST /path h abcHTTP/1.1 200" in both
    assert both.endswith(b"GET /path h ")


REQUESTS = (
    GET,
    HEAD + b"Content-Length: 3\r\n\r\nabc",
    CHUNKED + b"3\r\nabc\r\n0\r\nA: b\r\n\r\n",
    b"GET /path HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    HEAD + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc",
    HEAD + b"Upgrade: a\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n0\r\n\r\n",
)
BODY_OF = {
    request: b"POST /path h abc" if request.startswith(b"POST") else b"GET /path h "
    for request in REQUESTS
}


@settings(max_examples=40, deadline=None)
@given(
    requests=st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 600), max_size=6),
)
async def test_requests_are_the_same_however_their_bytes_arrive(
    requests: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(requests)
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    expected = [BODY_OF[request] for request in requests]
    answered = b""
    async with (
        serving() as served,
        await served.connect() as stream,
        trio.open_nursery() as nursery,
    ):

        async def send() -> None:
            for start, end in itertools.pairwise(edges):
                await stream.send_all(data[start:end])
                await trio.testing.wait_all_tasks_blocked(0.001)

        nursery.start_soon(send)
        while answered.count(b"\r\n\r\n") < len(requests) or not answered.endswith(expected[-1]):
            answered += await stream.receive_some()

    bodies = [part.split(b"HTTP/1.1")[0] for part in answered.split(b"\r\n\r\n")[1:]]
    assert bodies == expected


ENDLESS = {
    "target": b"GET /" + b"a" * 2 * MAX_HEAD_BYTES,
    "name": HEAD + b"a" * 2 * MAX_HEAD_BYTES,
    "value": HEAD + b"A: " + b"a" * 2 * MAX_HEAD_BYTES,
    "empty lines": b"\r\n" * MAX_HEAD_BYTES,
}


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS)
async def test_a_head_without_end_is_refused(data: bytes) -> None:
    async with serving() as served:
        assert (await ask(served, data)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("rest", [b"1;" + b"a" * 200_000, b"0\r\nA: " + b"a" * 200_000])
async def test_a_chunk_extension_or_a_trailer_without_end_is_refused(rest: bytes) -> None:
    async with serving() as served:
        assert (await ask(served, CHUNKED + rest)).startswith(b"HTTP/1.1 431 ")
        await assert_it_serves(served)


async def test_small_reads_without_progress_end_their_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "EVENTS_AT_ONCE", 20)
    monkeypatch.setattr(budget, "EVENTS_PER_SECOND", 0.1)
    async with serving() as served, await served.connect() as stream:
        for byte in HEAD * 2:
            await stream.send_all(bytes([byte]))
            await trio.testing.wait_all_tasks_blocked(0.001)

        assert (await read_to_end(stream)).startswith(b"HTTP/1.1 429 ")


async def test_an_error_behind_a_request_is_answered_after_it() -> None:
    async with serving() as served:
        answered = await ask(served, GET + GET + b"GARBAGE\r\n\r\n" + SMUGGLED)

    statuses = [part[:3] for part in answered.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", b"400"]


async def test_an_error_in_a_body_ends_its_request_whose_response_has_begun() -> None:
    @app_of
    async def begin_early(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"early", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    async with serving(begin_early) as served, await served.connect() as stream:
        await stream.send_all(CHUNKED + b"3\r\nabc\r\n")
        await stream.receive_some()
        await stream.send_all(b"x\r\n" + SMUGGLED)

        assert await read_to_end(stream) == b""


async def test_an_error_behind_a_body_that_is_drained_is_answered() -> None:
    async def refuse_posts(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            await answer(send, b"no", 401)
            return
        await echo(scope, receive, send)

    async with serving(refuse_posts) as served, await served.connect() as stream:
        await stream.send_all(HEAD + b"Content-Length: 3\r\n\r\na")
        await read_answer(stream)
        await stream.send_all(b"bcGARBAGE\r\n\r\n")

        assert (await read_to_end(stream)).startswith(b"HTTP/1.1 400 ")
