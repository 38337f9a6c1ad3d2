"""Answers that wait until their clients read share a bound."""

from contextlib import suppress
from functools import partial
from typing import Any

import h2.events
import pytest
import trio
import trio.testing

from onecgw.serving import unsent
from onecgw.serving.unsent import STALLED_SECONDS, UnsentAnswers
from tests.builders.http_server import (
    GET,
    Http2Client,
    answer,
    app_of,
    assert_nothing_stays,
    serving,
)

LAST_GET = GET[:-2] + b"Connection: close\r\n\r\n"
LARGE = b"a" * 16 * 1024 * 1024  # more than the buffers of the sockets take


@app_of
async def answer_much(scope: Any, receive: Any, send: Any) -> None:
    """An answer that a client must read before it is sent."""
    await answer(send, LARGE)


async def count_to_end(stream: trio.SocketStream) -> int:
    """The bytes until the server closes its half; they are not kept, because they are many."""
    count = 0
    with suppress(trio.BrokenResourceError):
        while received := await stream.receive_some():
            count += len(received)
    return count


async def test_the_answer_whose_client_has_read_nothing_for_longest_ends(
    autojump_clock: trio.testing.MockClock,
) -> None:
    answers, ended = UnsentAnswers(100), list[str]()
    for name, size_bytes in (("a", 60), ("b", 40), ("a", 60), ("c", 20), ("a", 0), ("d", 200)):
        await trio.sleep(STALLED_SECONDS)
        answers.update(name, size_bytes, partial(ended.append, name))

    assert ended == ["b", "c"]
    assert answers.size_bytes == 200


async def test_answers_of_clients_that_read_are_not_ended(
    autojump_clock: trio.testing.MockClock,
) -> None:
    answers, ended = UnsentAnswers(100), list[str]()
    for name in ("a", "b", "c", "a", "b", "c"):
        await trio.sleep(STALLED_SECONDS / 3 - 0.001)
        answers.update(name, 100, partial(ended.append, name))

    assert ended == []
    assert answers.size_bytes == 300


@pytest.mark.parametrize(("max_bytes", "is_whole"), [(len(LARGE), False), (3 * len(LARGE), True)])
async def test_a_slow_reader_ends_where_answers_need_more_than_the_bound(
    max_bytes: int, is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent, "STALLED_SECONDS", 0)
    async with (
        serving(answer_much, max_unsent_bytes=max_bytes) as served,
        await served.connect() as slow,
        await served.connect() as reader,
    ):
        await slow.send_all(LAST_GET)
        assert await slow.receive_some(1)
        await reader.send_all(LAST_GET)

        assert await count_to_end(reader) > len(LARGE)
        assert (await count_to_end(slow) > len(LARGE)) is is_whole
        await assert_nothing_stays(served)


async def test_an_http2_answer_without_a_window_ends_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unsent, "STALLED_SECONDS", 0)
    async with (
        serving(answer_much, max_unsent_bytes=len(LARGE)) as served,
        await Http2Client.open(served) as slow,
        await served.connect() as reader,
    ):
        await slow.ask()
        await slow.wait(h2.events.ResponseReceived)
        await reader.send_all(LAST_GET)

        assert await count_to_end(reader) > len(LARGE)
        assert await count_to_end(slow.stream) < len(LARGE)
        await assert_nothing_stays(served)
