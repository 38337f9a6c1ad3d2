"""HTTP/2: what is refused ends a stream or a connection, never the process."""

import gc
from typing import Any

import h2.events
import pytest
import trio
import trio.testing
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from h2.utilities import SizeLimitDict

from onecgw.serving.header_limits import MAX_HEADERS, MAX_HEADERS_BYTES, MAX_TARGET_BYTES
from onecgw.serving.task_group import MAX_REQUESTS
from tests.builders.http_server import (
    App,
    Http2Client,
    LateAnswer,
    answer,
    app_of,
    assert_it_serves,
    assert_nothing_stays,
    echo,
    fail_midway,
    serving,
    stream_until_gone,
)


def answering(body: bytes) -> App:
    """An application with one answer."""

    @app_of
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, body)

    return app


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[bytes, bytes]], int]] = {
    "letters in the path": ({"path": "/шлях".encode()}, [], 400),
    "bytes in the path": ({"path": b"/\xff\xfe"}, [], 400),
    "no slash": ({"path": b"path"}, [], 400),
    "star": ({"path": b"*"}, [], 400),
    "long target": ({"path": b"/" + b"a" * MAX_TARGET_BYTES}, [], 414),
    "many headers": ({}, [(b"a", b"1")] * (MAX_HEADERS + 1), 431),
    "large header": ({}, [(b"a", b"a" * MAX_HEADERS_BYTES)], 431),
    "letters in the method": ({"method": "ШЛЯХ"}, [], 400),
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


async def test_a_body_that_the_application_does_not_read_does_not_end_other_streams() -> None:
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

    @app_of
    async def large(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, body)

    async with serving(large) as served, await Http2Client.open(served) as client:
        stream_id = await client.ask()
        client.h2.increment_flow_control_window(len(body))
        client.h2.increment_flow_control_window(len(body), stream_id)
        await client.flush()

        assert await client.body_of(stream_id) == body


async def test_a_client_that_takes_one_answer_slowly_gets_all_of_it(
    monkeypatch: pytest.MonkeyPatch, running_clock: trio.testing.MockClock
) -> None:
    """The deadline is that of a piece. Hypercorn would take the whole answer for sent."""
    monkeypatch.setattr("onecgw.serving.http2.PIECE_SECONDS", 1)
    body = b"a" * 1_000_000

    async with serving(answering(body)) as served, await Http2Client.open(served) as client:
        stream_id = await client.ask()
        taken = 0
        while taken < len(body):
            data = await client.wait(h2.events.DataReceived, stream_id)
            taken += len(data.data)
            running_clock.jump(0.03)
            client.h2.acknowledge_received_data(data.flow_controlled_length, stream_id)
            await client.flush()


async def test_an_answer_that_the_client_does_not_take_ends_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the connection of a proxy the other answers are those of other clients."""
    monkeypatch.setattr("onecgw.serving.http2.PIECE_SECONDS", 0.1)

    async with (
        serving(answering(b"a" * 100_000)) as served,
        await Http2Client.open(served) as client,
    ):
        client.h2.increment_flow_control_window(1_000_000)
        stuck = await client.ask()  # and its window is never made larger
        other = await client.ask()
        client.h2.increment_flow_control_window(1_000_000, other)
        await client.flush()

        assert await client.body_of(other) == b"a" * 100_000
        reset = await client.wait(h2.events.StreamReset, stuck)
        assert reset.error_code == ErrorCodes.CANCEL
        await assert_nothing_stays(served)


async def test_half_an_answer_is_marked_as_incomplete() -> None:
    async with serving(fail_midway) as served, await Http2Client.open(served) as client:
        stream_id = await client.ask()

        reset = await client.wait(h2.events.StreamReset, stream_id)
        assert reset.error_code == ErrorCodes.INTERNAL_ERROR
        await assert_nothing_stays(served)


async def test_a_connection_answers_any_number_of_requests_and_remembers_some() -> None:
    async with serving(answering(b"")) as served, await Http2Client.open(served) as client:
        for _ in range(1_010):
            await client.wait(h2.events.StreamEnded, await client.ask())
            client.events.clear()

        kept = [len(one) for one in gc.get_objects() if isinstance(one, SizeLimitDict)]
        assert sorted(kept)[-2] == 1_000  # the largest is the client's


async def test_many_requests_that_are_taken_back_leave_the_server_well() -> None:
    async with serving() as served:
        async with await Http2Client.open(served) as client:
            for _ in range(500):
                stream_id = await client.ask()
                client.h2.reset_stream(stream_id)
            await client.flush()

        await assert_it_serves(served)


async def test_requests_that_are_taken_back_and_need_time_to_end_hold_up_the_next() -> None:
    running = 0
    release = trio.Event()

    @app_of
    async def linger(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running
        running += 1
        await release.wait()
        await answer(send, b"")

    async with serving(linger) as served, await Http2Client.open(served) as client:
        for _ in range(MAX_REQUESTS + 50):
            client.h2.reset_stream(await client.ask())
        last = await client.ask()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert running == MAX_REQUESTS
        release.set()

        assert await client.body_of(last) == b""
        assert running == MAX_REQUESTS + 51


@pytest.mark.parametrize("path", [b"/path", b"path"], ids=["taken back", "refused"])
async def test_a_connection_waits_again_however_its_request_ended(
    path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onecgw.serving.client_stream.IDLE_SECONDS", 0.2)

    async with serving(stream_until_gone) as served, await Http2Client.open(served) as client:
        stream_id = await client.ask(path=path)
        await client.wait(h2.events.ResponseReceived, stream_id)
        if path == b"/path":
            client.h2.reset_stream(stream_id)
            await client.flush()

        await client.wait(h2.events.ConnectionTerminated)


async def test_a_head_that_is_refused_and_taken_back_at_once_ends_its_stream_alone() -> None:
    async with serving() as served, await Http2Client.open(served) as client:
        other = await client.ask(end=False)
        flush, client.flush = client.flush, trio.lowlevel.checkpoint  # type: ignore[method-assign]
        client.h2.reset_stream(await client.ask(path=b"path"))
        client.flush = flush  # type: ignore[method-assign]
        client.h2.end_stream(other)
        await client.flush()

        assert await client.body_of(other) == b"GET /path h "


@pytest.mark.parametrize("reason", [ErrorCodes.NO_ERROR, ErrorCodes.INTERNAL_ERROR])
async def test_a_client_that_says_goaway_gets_the_answers_under_way_unless_it_has_failed(
    reason: ErrorCodes,
) -> None:
    requested, release, gone = trio.Event(), trio.Event(), trio.Event()

    @app_of
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        requested.set()
        await release.wait()
        await answer(send, b"late")
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with serving(slow) as served, await Http2Client.open(served) as client:
        stream_id = await client.ask()
        await requested.wait()
        goaway = bytes.fromhex("000008 07 00 00000000 00000000") + reason.to_bytes(4, "big")
        await client.stream.send_all(goaway)
        if reason is ErrorCodes.NO_ERROR:
            client.h2.ping(b"12345678")
            await client.flush()
            await client.wait(h2.events.PingAckReceived)
            release.set()
            assert await client.body_of(stream_id) == b"late"
        else:
            await client.wait(h2.events.ConnectionTerminated)
            release.set()
        await gone.wait()
        await assert_nothing_stays(served)


async def test_priorities_are_ignored() -> None:
    """Hypercorn's tree of them takes 1 000, and walks them all for each that comes."""
    async with serving() as served, await Http2Client.open(served) as client:
        await client.body_of(await client.ask())  # now the caller is known
        for stream_id in range(1, 2_401, 2):
            client.h2.prioritize(stream_id, depends_on=max(0, stream_id - 2))
        await client.flush()

        assert await client.body_of(await client.ask()) == b"GET /path h "


async def test_the_client_does_not_say_how_much_is_remembered_of_answers() -> None:
    async with serving() as served, await Http2Client.open(served) as client:
        client.h2.update_settings({SettingCodes.HEADER_TABLE_SIZE: 1_000_000})
        await client.flush()
        await client.wait(h2.events.SettingsAcknowledged)
        await client.wait(h2.events.SettingsAcknowledged)

        assert await client.body_of(await client.ask()) == b"GET /path h "
        assert client.h2.decoder.header_table_size == 4_096


async def test_a_stop_lets_answers_end_and_sends_new_requests_elsewhere() -> None:
    late = LateAnswer()

    async with serving(late.app) as served, await Http2Client.open(served) as client:
        first = await client.ask()
        await late.requested.wait()
        served.stop.set()
        while True:  # until the stop has reached the connection
            refused = await client.ask()
            with trio.move_on_after(0.05):
                reset = await client.wait(h2.events.StreamReset, refused)
                break
        late.release.set()

        assert reset.error_code == 7  # REFUSED_STREAM
        assert await client.body_of(first) == b"late"
        await client.wait(h2.events.ConnectionTerminated)
        await served.ended.wait()


async def test_an_idle_connection_is_closed_by_the_stop() -> None:
    async with serving() as served, await Http2Client.open(served) as client:
        stream_id = await client.ask()
        await client.body_of(stream_id)
        served.stop.set()

        ended = await client.wait(h2.events.ConnectionTerminated)
        await served.ended.wait()

    assert ended.error_code == 0
