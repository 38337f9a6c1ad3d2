"""A connection ends by what goes wrong on it, by a deadline or a stop; the server goes on."""

import logging
from contextlib import AsyncExitStack, suppress
from typing import Any

import h2.events
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from onecgw.serving import server
from onecgw.web.asgi import read_body, run_while_connected
from tests.builders.http_server import (
    GET,
    GRACE_SECONDS,
    QUICKLY_SECONDS,
    Http2Client,
    LateAnswer,
    answer,
    app_of,
    ask,
    assert_it_serves,
    assert_nothing_stays,
    echo,
    read_answer,
    read_to_end,
    serving,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes.fromhex("000000040000000000")
WELL_MEANT = (
    GET,
    b"POST /a?b=c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
    (
        b"GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nxx"
    ),
    b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + PREFACE,
    # HEADERS of GET / on stream 1, then DATA, RST_STREAM, PRIORITY, WINDOW_UPDATE, PING, GOAWAY.
    PREFACE
    + SETTINGS
    + bytes.fromhex("000006 01 05 00000001 828684 4101 68")
    + bytes.fromhex("000003 00 01 00000001 616263")
    + bytes.fromhex("000004 03 00 00000001 00000008")
    + bytes.fromhex("000005 02 00 00000003 00000003 10")
    + bytes.fromhex("000004 08 00 00000000 00000001")
    + bytes.fromhex("000008 06 00 00000000 0000000000000000")
    + bytes.fromhex("000008 07 00 00000000 0000000000000000"),
)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """Something well meant, with some bytes replaced, taken out or put in."""
    data = bytearray(draw(st.sampled_from(WELL_MEANT)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        some = draw(st.binary(max_size=4) | st.sampled_from([b"\r\n", b"\xff", b"\x00", b" "]))
        data[at : at + draw(st.integers(0, 4))] = some
    return bytes(data)


@settings(max_examples=25, deadline=None)
@given(attacks=st.lists(mutations(), min_size=1, max_size=20))
async def test_odd_bytes_end_their_connection_and_nothing_else(attacks: list[bytes]) -> None:
    async with serving() as served:
        for attack in attacks:
            async with await served.connect() as stream:
                await stream.send_all(attack)
                await stream.send_eof()
                await read_to_end(stream)

        await assert_it_serves(served)


async def test_a_defect_of_the_protocol_ends_one_connection_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("private")

    async with serving() as served, await Http2Client.open(served) as other:
        held = await other.ask(end=False)
        await other.wait(h2.events.RemoteSettingsChanged)
        with monkeypatch.context() as patch:
            patch.setattr("onecgw.serving.http1_parser.Http1Parser._find_rejection", fail)
            assert await ask(served, GET) == b""

        other.h2.end_stream(held)
        await other.flush()
        assert await other.body_of(held) == b"GET /path h "
        await assert_it_serves(served)

    [record] = [one for one in caplog.records if one.msg == "serving.connection_failed"]
    assert record.levelno == logging.WARNING
    assert record.fields == {"protocol": "Http1", "errors": "KeyError"}  # type: ignore[attr-defined]


async def test_a_defect_of_the_application_is_500_and_the_connection_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail_once(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/defect":
            raise KeyError("private")
        await echo(scope, receive, send)

    async with serving(fail_once) as served, await Http2Client.open(served) as client:
        failed = await client.ask(path=b"/defect")
        assert await client.status_of(failed) == 500
        fine = await client.ask()
        assert await client.body_of(fine) == b"GET /path h "

    assert [one.msg for one in caplog.records] == ["serving.app_failed"]


@pytest.mark.parametrize("before", [b"", GET], ids=["first request", "after an answer"])
@pytest.mark.parametrize("sent", [b"", b"GET / HT"], ids=["silent", "half a head"])
async def test_a_connection_that_does_not_ask_is_closed(
    before: bytes, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onecgw.serving.client_stream.IDLE_SECONDS", 0.2)

    async with serving() as served, await served.connect() as stream:
        if before:
            await stream.send_all(before)
            await read_answer(stream)
        await stream.send_all(sent)

        assert await read_to_end(stream) == b""


async def test_pings_do_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onecgw.serving.client_stream.IDLE_SECONDS", 0.3)

    async with serving() as served, await Http2Client.open(served) as client:
        is_open = True
        while is_open:
            client.h2.ping(b"12345678")
            try:
                await client.flush()
                with trio.move_on_after(0.05):
                    is_open = bool(await client.stream.receive_some())
            except trio.BrokenResourceError:
                is_open = False


async def test_an_answer_that_takes_longer_than_the_idle_limit_is_not_cut(
    monkeypatch: pytest.MonkeyPatch, running_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setattr("onecgw.serving.client_stream.IDLE_SECONDS", 0.1)
    began, release = trio.Event(), trio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            began.set()
            await release.wait()
        await echo(scope, receive, send)

    async with serving(slow) as served, await served.connect() as stream:
        await stream.send_all(GET)
        await began.wait()
        running_clock.jump(1)
        await trio.testing.wait_all_tasks_blocked()
        release.set()

        assert (await read_answer(stream)).endswith(b"GET /path h ")


async def test_a_client_that_stops_reading_does_not_hold_up_a_stop() -> None:
    sending = trio.Event()

    @app_of
    async def flood(scope: Any, receive: Any, send: Any) -> None:
        sending.set()
        await answer(send, b"a" * 50_000_000)

    async with serving(flood, grace_seconds=1) as served, await served.connect() as stream:
        await stream.send_all(GET)
        await sending.wait()
        served.stop.set()

        await served.ended.wait()


async def test_a_client_that_does_not_read_acknowledgements_does_not_hold_up_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("onecgw.serving.budget.EVENTS_AT_ONCE", 10**9)
    monkeypatch.setattr("onecgw.serving.budget.EVENTS_IN_DEBT", 10**9)
    ping = bytes.fromhex("000008 06 00 00000000") + b"12345678"

    async with serving() as served:
        sock = trio.socket.socket()
        sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4_096)
        await sock.connect(("127.0.0.1", served.port))
        async with trio.SocketStream(sock) as stream:
            await stream.send_all(PREFACE + SETTINGS)
            is_taken = True
            while is_taken:
                with trio.move_on_after(0.3) as scope:
                    await stream.send_all(ping * 4_000)
                is_taken = not scope.cancelled_caught

            await assert_nothing_stays(served)


async def test_a_client_that_stops_reading_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onecgw.serving.client_stream.PIECE_SECONDS", 0.2)
    ended = trio.Event()

    @app_of
    async def flood(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"a" * 50_000_000)
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"
        ended.set()

    async with serving(flood) as served, await served.connect() as stream:
        await stream.send_all(GET)
        await ended.wait()


async def test_the_end_of_a_burst_of_connections_is_reported_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "BURST_CONNECTIONS", 3)
    ends: list[None] = []
    async with serving(on_burst_end=lambda: ends.append(None)) as served:
        for connections in (2, 5):
            async with AsyncExitStack() as stack:
                for _ in range(connections):
                    stream = await stack.enter_async_context(await served.connect())
                    await stream.send_all(GET)
                    await read_answer(stream)
        await assert_nothing_stays(served)
    assert len(ends) == 1


async def test_a_full_server_closes_the_oldest_connection_that_waits() -> None:
    async with (
        serving(max_connections=2) as served,
        await served.connect() as first,
        await served.connect() as second,
    ):
        await first.send_all(GET)
        await read_answer(first)
        await second.send_all(GET)
        await read_answer(second)

        await assert_it_serves(served)
        assert await read_to_end(first) == b""


async def test_a_full_server_closes_one_connection_for_each_that_comes() -> None:
    """Also if the next comes before the one that is to go has gone."""
    ended = 0
    all_but_two_ended = trio.Event()

    async def wait_end() -> None:
        nonlocal ended
        async with await served.connect() as stream:
            await read_to_end(stream)
        ended += 1
        if ended == 8:
            all_but_two_ended.set()

    async with serving(max_connections=2) as served, trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(wait_end)
        await all_but_two_ended.wait()
        await trio.testing.wait_all_tasks_blocked(0.01)

        assert ended == 8
        nursery.cancel_scope.cancel()


async def test_a_full_server_turns_away_who_comes_while_all_are_busy() -> None:
    requested = trio.Event()

    @app_of
    async def hang(scope: Any, receive: Any, send: Any) -> None:
        requested.set()
        await trio.sleep_forever()

    async with serving(hang, max_connections=1) as served, await served.connect() as stream:
        await stream.send_all(GET)
        await requested.wait()

        assert await ask(served, GET) == b""


async def test_a_stop_closes_who_waits_and_lets_answers_end() -> None:
    late = LateAnswer()

    async with (
        serving(late.app) as served,
        await served.connect() as waiting,
        await served.connect() as busy,
    ):
        await busy.send_all(GET)
        await late.requested.wait()
        served.stop.set()
        assert await read_to_end(waiting) == b""
        assert not served.ended.is_set()
        late.release.set()

        assert (await read_to_end(busy)).endswith(b"\r\n\r\nlate")
        await served.ended.wait()


async def test_a_client_that_got_goaway_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, running_clock: trio.testing.MockClock
) -> None:
    """An answer that ends after that does not bring the idle limit back."""
    monkeypatch.setattr("onecgw.serving.client_stream.LINGER_SECONDS", 0.3)
    release = trio.Event()

    @app_of
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await answer(send, b"late")

    async with serving(slow) as served, await Http2Client.open(served) as client:
        await client.ask()
        await client.stream.send_all(bytes.fromhex("000001 06 00 00000000 00"))  # a broken PING
        await client.wait(h2.events.ConnectionTerminated)
        release.set()

        with suppress(trio.BrokenResourceError):
            while True:
                await client.stream.send_all(b"a")
                running_clock.jump(0.05)
                await trio.testing.wait_all_tasks_blocked()


@pytest.mark.parametrize("ending", [b"", b"Connection: close\r\n"], ids=["stop", "asked for"])
async def test_the_end_of_an_answer_is_sent_at_once_though_it_cancels_its_application(
    ending: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the client would hear of it when the time to linger is over."""
    monkeypatch.setattr("onecgw.serving.client_stream.LINGER_SECONDS", GRACE_SECONDS)

    @app_of
    async def watching(scope: Any, receive: Any, send: Any) -> None:
        async def work() -> None:
            if not ending:
                served.stop.set()
                await trio.testing.wait_all_tasks_blocked()
            await answer(send, b"done")

        await read_body(receive, max_bytes=0)
        await run_while_connected(scope, receive, work)

    request = b"GET / HTTP/1.1\r\nHost: h\r\n" + ending + b"\r\n"
    for _ in range(10):  # who is cancelled is a matter of chance
        async with serving(watching) as served, await served.connect() as stream:
            await stream.send_all(request)
            with trio.fail_after(QUICKLY_SECONDS):
                assert (await read_to_end(stream)).endswith(b"done")
