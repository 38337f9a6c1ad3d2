"""Answers that break HTTP, end early or never, or carry more than was requested.

Whatever an answer is, no part of it may reach another caller, and every call ends.
"""

import gzip
import random
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from onecgw.backends.http import connection as connection_module
from onecgw.backends.scheduling.deadline import deadline
from onecgw.errors import OnecBadResponse, OnecError, OnecTimeout
from tests.builders.onec_client import SETTINGS, call, client_of
from tests.builders.onec_server import Play, ReceivedRequest, Wire, onec_server

ONE_ATTEMPT_SECONDS = 10
OK = b"HTTP/1.1 200 OK\r\n"
FOREIGN = b'{"for":"somebody else"}'
EXTRA = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(FOREIGN), FOREIGN)


def mine(request: ReceivedRequest) -> bytes:
    return b'{"for":"%b"}' % request.headers["x-mcp-sub"].encode()


def sized(body: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, trailers: bytes = b"") -> bytes:
    return OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n%b\r\n" % (
        len(body),
        body,
        trailers,
    )


WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "length": sized,
    "chunks": chunked,
    "trailers": lambda body: chunked(body, b"Content-Type: text/html\r\nX-Status: 500\r\n"),
    "chunk extension": lambda body: chunked(body).replace(b"\r\n{", b";a=b\r\n{", 1),
    "100": lambda body: b"HTTP/1.1 100 Continue\r\n\r\n" * 5 + sized(body),
    "103 with a length": lambda body: b"HTTP/1.1 103 E\r\nContent-Length: 9\r\n\r\n" + sized(body),
    "early hints in chunks": lambda body: (
        b"HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body)
    ),
}
BEHIND = {
    "an answer": EXTRA,
    "half an answer": EXTRA[:30],
    "a byte": b"H",
    "garbage": b"\x00\xff garbage",
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
    "an empty line and an answer": b"\r\n" + EXTRA,
    "a 204": b"HTTP/1.1 204 No Content\r\n\r\n",
}


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("size", [1, 7, 65_536])
async def test_bytes_behind_an_answer_reach_no_caller(form: str, behind: str, size: int) -> None:
    async def play(request: ReceivedRequest, wire: Wire) -> None:
        data = WHOLE[form](mine(request))
        for at in range(0, len(data) - 1, size):
            await wire.send(data[at : min(at + size, len(data) - 1)])
        # What comes later than the end of an answer is seen when the connection is taken again,
        # or, if it is later still, not at all: no client of HTTP/1.1 can see it.
        await wire.send(data[-1:] + BEHIND[behind])

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            for sub in ("anna", "boris", "cleo"):
                assert await onec.fetch(call(sub=sub)) == b'{"for":"%b"}' % sub.encode()


BROKEN = {
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "length with a sign": OK + b"Content-Length: +2\r\n\r\n{}",
    "huge length": OK + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "negative chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "huge chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "chunk too short": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "switched protocols": b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + EXTRA,
    "a request": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x50",
    "header without end": OK + b"X: " + b"a" * 200_000,
    "endless headers": OK + b"X: a\r\n" * 40_000,
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_broken_answer_ends_its_call_and_its_connection(answer: bytes) -> None:
    async def play(request: ReceivedRequest, wire: Wire) -> None:
        await wire.send(answer if request.headers["x-mcp-sub"] == "anna" else sized(mine(request)))
        if request.headers["x-mcp-sub"] == "anna":
            await wire.close()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            with pytest.raises(OnecError):
                await onec.fetch(call(sub="anna"))
            assert await onec.fetch(call(sub="boris")) == b'{"for":"boris"}'


@pytest.mark.parametrize(
    "endless",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        pytest.param(b"X-Header: a\r\n", id="header"),
        pytest.param(b"1\r\n \r\n", id="chunk"),
        pytest.param(b"0;" + b"a" * 500, id="chunk extension"),
        pytest.param(b"X-Trailer: a\r\n", id="trailer"),
    ],
)
async def test_framing_without_content_ends_the_call(
    endless: bytes, request: pytest.FixtureRequest, transport: str
) -> None:
    if transport == "httpx":
        pytest.skip("there the deadline ends it")
    name = request.node.callspec.id
    begin = OK if "header" in name else b""
    if "chunk" in name or "trailer" in name:
        begin = OK + b"Transfer-Encoding: chunked\r\n\r\n"
        begin += b"0\r\n" if "trailer" in name else b""
    has_ended = trio.Event()

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(begin)
        try:
            while True:
                await wire.send(endless * 1000)
        except trio.BrokenResourceError:
            has_ended.set()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(ONE_ATTEMPT_SECONDS):
            with pytest.raises(OnecBadResponse):
                await onec.fetch(call())
            await has_ended.wait()  # the connection was closed


async def test_drip_of_small_chunks_lets_others_run_and_ends_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    if transport == "httpx":
        pytest.skip("h11 parses what was read in one go")
    monkeypatch.setattr(connection_module, "OVERHEAD_BYTES", 10**9)
    monkeypatch.setattr(connection_module, "TURN_SECONDS", 0)

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            await wire.send(b"1\r\n \r\n" * 10_000)

    async with (
        onec_server(play) as server,
        client_of(server.base_url, max_response_bytes=100_000_000) as onec,
    ):
        with trio.fail_after(ONE_ATTEMPT_SECONDS), pytest.raises(OnecTimeout), deadline(300):
            await onec.fetch(call())


@pytest.mark.parametrize("stop_at", [1, 40, 50, 60])
async def test_call_that_is_cancelled_within_its_answer_leaves_nothing_to_the_next(
    stop_at: int,
) -> None:
    sent = trio.Event()

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        data = chunked(mine(request))
        if request.headers["x-mcp-sub"] != "anna":
            await wire.send(data)
            return
        await wire.send(data[:stop_at])
        sent.set()
        await wire.wait_until_the_gateway_hangs_up()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(onec.fetch, call(sub="anna"))
                await sent.wait()
                nursery.cancel_scope.cancel()
            assert await onec.fetch(call(sub="boris")) == b'{"for":"boris"}'


async def _tolerant(ask: Callable[[], Awaitable[bytes]], sub: str) -> None:
    """A call ends with its own answer, with an error, or at its deadline."""
    try:
        with deadline(2_000):
            assert await ask() == b'{"for":"%b"}' % sub.encode()
    except OnecError:
        pass


def _fate(request: ReceivedRequest, chance: random.Random) -> tuple[bytes, bool]:
    """The bytes of an answer, and whether the connection is closed behind them."""
    data = chance.choice(list(WHOLE.values()))(mine(request))
    match chance.randrange(6):
        case 0:
            return data + chance.choice(list(BEHIND.values())), False
        case 1:
            return data[: chance.randrange(len(data))], True
        case 2:
            place = chance.randrange(data.index(b"\r\n\r\n"))
            return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :], True
        case 3:
            return data, True
    return data, False


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_never_cross_whatever_happens_to_them(chance: random.Random) -> None:
    async def play(request: ReceivedRequest, wire: Wire) -> None:
        data, closes = _fate(request, chance)
        cut = chance.randrange(len(mine(request)))  # within the head, which every answer has
        await wire.send(data[:cut])
        await trio.lowlevel.checkpoint()
        await wire.send(data[cut:])
        if closes:
            await wire.close()

    async def run() -> None:
        quiet = attrs.evolve(SETTINGS, breaker_failures=0)
        async with (
            onec_server(play) as server,
            client_of(server.base_url, quiet) as onec,
            trio.open_nursery() as nursery,
        ):
            for number in range(24):
                sub = f"s{number}"
                nursery.start_soon(_tolerant, partial(onec.fetch, call(sub=sub)), sub)

    trio.run(run)


def _says(data: bytes) -> Play:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(data)

    return play


async def test_answer_that_announces_too_much_is_refused_before_it_is_read() -> None:
    head = OK + b"Content-Length: 2000000\r\n\r\n"
    async with (
        onec_server(_says(head)) as server,
        client_of(server.base_url, max_response_bytes=1_000_000) as onec,
    ):
        with trio.fail_after(5), pytest.raises(OnecBadResponse, match="larger than 1000000 bytes"):
            await onec.fetch(call())


async def test_answers_beyond_the_memory_of_all_are_refused_and_give_it_back() -> None:
    go_on = trio.Event()

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        body = b'{"a":"%b"}' % (b"x" * 600_000)
        await wire.send(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body[:590_000])
        await go_on.wait()
        await wire.send(body[590_000:])

    small = attrs.evolve(SETTINGS, max_memory_bytes=1_500_000)
    outcomes: dict[str, str] = {}
    async with onec_server(play) as server, client_of(server.base_url, small) as onec:

        async def ask(sub: str) -> None:
            try:
                outcomes[sub] = str(len(await onec.fetch(call(sub=sub))))
            except OnecError as error:
                outcomes[sub] = error.code
                assert "onec.max_memory_bytes" in error.message
                assert error.retry_after_seconds

        with trio.fail_after(ONE_ATTEMPT_SECONDS):
            async with trio.open_nursery() as nursery:
                for sub in ("anna", "boris", "cleo"):
                    nursery.start_soon(ask, sub)
                    await wait_all_tasks_blocked(0.05)
                go_on.set()
            assert outcomes == {"anna": "600008", "boris": "600008", "cleo": "onec_unavailable"}
            assert len(await onec.fetch(call(sub="dora"))) == 600_008
        assert onec.state().breaker == "closed"


async def test_what_is_made_of_an_answer_needs_memory_as_well() -> None:
    body = b'{"a":"%b"}' % (b"x" * 600_000)
    head = OK + b"Content-Length: %d\r\n\r\n" % len(body)
    for spare, outcome in ((0, "600008"), (-1, "onec_unavailable")):
        small = attrs.evolve(SETTINGS, max_memory_bytes=2 * len(body) + spare)
        async with (
            onec_server(_says(head + body)) as server,
            client_of(server.base_url, small) as onec,
        ):
            try:
                with ExitStack() as held:
                    found = str(len(await onec.fetch(attrs.evolve(call(), held=held))))
            except OnecError as error:
                found = error.code
            assert found == outcome
            assert onec.state().breaker == "closed"


async def test_gzip_bomb_is_refused_in_pieces_and_gives_its_memory_back() -> None:
    packed = gzip.compress(b'{"a":"' + bytes(20_000_000))
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with (
        onec_server(_says(head + packed)) as server,
        client_of(server.base_url, max_response_bytes=10_000_000) as onec,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(count_turns)
        with trio.fail_after(ONE_ATTEMPT_SECONDS), pytest.raises(OnecBadResponse, match="larger"):
            await onec.fetch(call())
        nursery.cancel_scope.cancel()
    assert turns > 10_000_000 // (256 * 1024)
